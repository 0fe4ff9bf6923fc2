"""How the shots of an ad are staged, and everything that is drawn over their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from geminivideo.brief import BrandKit
from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.contrast import Rgb
from tools.studio.end_card import Offer, draw_end_card
from tools.studio.figures import draw_figure
from tools.studio.fonts import Face, metrics, width
from tools.studio.layout import Stage
from tools.studio.looks import Look
from tools.studio.message import LAYER, Message, draw_message, set_message
from tools.studio.panels import draw_panel
from tools.studio.safe_zones import Box
from tools.studio.theme import Field, Theme
from tools.studio.timeline import Shot, Timeline

Layout = Literal["full", "panel", "field"]
"""Text over full-frame footage; text on a panel beside footage; text on a drawn field."""


@dataclass(frozen=True)
class Ad:
    """Everything that the scenes of one ad have in common."""

    stage: Stage
    theme: Theme
    look: Look
    brand: BrandKit
    host: str
    cta_text: str
    timeline: Timeline


@dataclass(frozen=True)
class Plan:
    """How one shot is staged; `message` is None for the end card."""

    shot: Shot
    layout: Layout
    field: Field
    message: Message | None

    @property
    def text_box(self) -> Box | None:
        """What the message covers."""
        return self.message.box if self.message else None


def plan_shots(ad: Ad, *, tall_footage: Mapping[int, bool]) -> tuple[Plan, ...]:
    """Choose layout, field and type per shot; neighbours differ. `tall_footage` has the shots with footage."""
    return tuple(_plan(ad, shot, tall=tall_footage.get(shot.index)) for shot in ad.timeline.shots)


def _plan(ad: Ad, shot: Shot, *, tall: bool | None) -> Plan:
    ends = shot.index == len(ad.timeline.shots) - 1
    layout = _layout(ad, shot, tall=tall, ends=ends)
    from_end = len(ad.timeline.shots) - 1 - shot.index
    main = from_end % 2 == 0 if layout == "field" or ad.stage.side else from_end // 2 % 2 == 0
    field = ad.theme.main if main else ad.theme.other
    full = layout == "full"
    message = None
    if not ends:
        message = set_message(
            shot.scene.headline, shot.scene.support, look=ad.look, unit=ad.stage.unit,
            box=ad.stage.wide if full else ad.stage.headline, at=0.0 if full else 0.42,
        )  # fmt: skip
    return Plan(shot=shot, layout=layout, field=ad.theme.over_dark if full else field, message=message)


def _layout(ad: Ad, shot: Shot, *, tall: bool | None, ends: bool) -> Layout:
    if tall is None:
        return "field"
    if ends or (ad.stage.side and tall):
        return "panel"  # a tall picture in a wide frame would lose its subject behind the text
    return "full" if (shot.index % 2 == 0) != (ad.look.name == "editorial") else "panel"


def draw_scenes(canvas: Canvas, *, ad: Ad, plans: tuple[Plan, ...]) -> None:
    """Draw every scene of the ad on the canvas."""
    for plan, following in zip(plans, (*plans[1:], None), strict=True):
        shot = plan.shot
        ends = following is None
        if plan.layout == "panel":
            covered = following is None or following.layout == "panel"
            draw_panel(
                canvas, stage=ad.stage, edge=ad.look.edge, field=plan.field, layer=shot.index % 2,
                span=(shot.first, shot.last if covered else shot.end + 2),
                transition=ad.timeline.transition, covered=covered,
            )  # fmt: skip
        if plan.layout == "field":
            draw_figure(
                canvas, stage=ad.stage, field=plan.field, figure=ad.look.figure, stays=ends,
                texts=(shot.scene.headline, shot.scene.support), span=(shot.start, shot.end),
            )  # fmt: skip
        if plan.message is None:
            _end(canvas, ad=ad, plan=plan)
        else:
            _header(canvas, ad=ad, plan=plan)
            draw_message(canvas, plan.message, look=ad.look, field=plan.field, span=(shot.text_first, shot.text_last))
    _progress(canvas, ad=ad)


def _end(canvas: Canvas, *, ad: Ad, plan: Plan) -> None:
    scene = plan.shot.scene
    offer = Offer(brand=ad.brand.name, headline=scene.headline, support=scene.support, button=ad.cta_text, host=ad.host)
    span = (plan.shot.text_first, plan.shot.text_last)
    draw_end_card(canvas, offer, stage=ad.stage, field=plan.field, span=span)


def _header(canvas: Canvas, *, ad: Ad, plan: Plan) -> None:
    """The brand's initial on a tile, and its name."""
    box, field, side = ad.stage.header, plan.field, ad.stage.header.height
    opening = plan.shot.index == 0
    come = motion.rise(12, by=20.0) if opening else motion.rise(6, by=0.0)
    first, last, entry = plan.shot.text_first, plan.shot.text_last, 12 if opening else 6
    canvas.shape(
        shapes.rounded(0, 0, side, side, 0.28 * side), left=box.left, top=box.top, colour=field.pop,
        first=first, last=last, motion=come, layer=LAYER,
    )  # fmt: skip
    letter, large = ad.brand.name[:1].upper(), 0.70 * side
    inset = (side - width(letter, face="black", size=large)) / 2
    name = _name_size(ad.brand.name, side, box)
    texts: tuple[tuple[str, Face, float, float, Rgb], ...] = (
        (letter, "black", box.left + inset, large, field.on_pop),
        (ad.brand.name, "bold", box.left + 1.3 * side, name, field.ink),
    )
    for text, face, left, size, colour in texts:
        canvas.text(
            text, left=left, baseline=box.top + (side + metrics(face).cap_height * size) / 2, face=face, size=size,
            colour=colour, first=first, last=last, motion=come, entry=entry, layer=LAYER,
        )  # fmt: skip


def _name_size(name: str, side: float, box: Box) -> float:
    wanted = 0.72 * side
    return min(wanted, wanted * (box.width - 1.3 * side) / width(name, face="bold", size=wanted))


def _progress(canvas: Canvas, *, ad: Ad) -> None:
    """A line along the lower edge that fills as the ad runs."""
    stage, frames = ad.stage, ad.timeline.frames
    thick = round(10 * stage.unit)

    def grow(frame: int) -> motion.Pose:
        share = (frame + 1) / frames
        return motion.Pose(scale_x=share, dx=-stage.width * (1 - share) / 2)

    canvas.shape(
        shapes.rect(0, 0, stage.width, thick), left=0, top=stage.height - thick, colour=ad.theme.main.pop,
        first=0, last=frames, motion=grow, layer=70,
    )  # fmt: skip

"""What each scene shows over its pictures: panels, figures, header, headline, support, and the end card."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from geminivideo.brief import BrandKit
from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.contrast import Rgb, mix
from tools.studio.figures import draw_figure
from tools.studio.fonts import Face, metrics, width
from tools.studio.layout import Stage
from tools.studio.looks import Look
from tools.studio.motion import Motion
from tools.studio.panels import draw_panel
from tools.studio.safe_zones import Box
from tools.studio.theme import Field, Theme
from tools.studio.timeline import Shot, Timeline
from tools.studio.typeset import Block, SetWord, capitals, moved, set_block, set_lockup

Layout = Literal["full", "panel", "field"]
"""Text over full-frame footage; text on a panel beside footage; text on a drawn field."""

_EXIT = 5
_COUNT_FRAMES = 26
_TEXT_LAYER = 20


@dataclass(frozen=True)
class Plan:
    """How one shot is staged."""

    shot: Shot
    layout: Layout
    field: Field


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


def plan_shots(ad: Ad, *, with_footage: frozenset[int]) -> tuple[Plan, ...]:
    """Choose a layout and a field per shot; neighbours differ."""
    plans: list[Plan] = []
    for shot in ad.timeline.shots:
        end_card = shot.index == len(ad.timeline.shots) - 1
        if shot.index in with_footage:
            full = not end_card and (shot.index % 2 == 0) != (ad.look.name == "editorial")
            layout: Layout = "full" if full else "panel"
        else:
            layout = "field"
        if layout == "full":
            field = ad.theme.over_footage
        elif layout == "panel":
            field = ad.theme.main if end_card or shot.index % 4 == 1 else ad.theme.other
        else:
            field = ad.theme.main if end_card or shot.index % 2 == 0 else ad.theme.other
        plans.append(Plan(shot=shot, layout=layout, field=field))
    return tuple(plans)


def draw_scenes(canvas: Canvas, *, ad: Ad, plans: tuple[Plan, ...]) -> None:
    """Draw every scene of the ad on the canvas."""
    for plan in plans:
        following = plans[plan.shot.index + 1] if plan.shot.index + 1 < len(plans) else None
        if plan.layout == "panel":
            covered = following is not None and following.layout == "panel"
            draw_panel(
                canvas, stage=ad.stage, edge=ad.look.edge, field=plan.field,
                span=(plan.shot.first, plan.shot.last), transition=ad.timeline.transition,
                covered=covered or following is None, layer=plan.shot.index % 2,
            )  # fmt: skip
        if plan.layout == "field":
            draw_figure(
                canvas, stage=ad.stage, field=plan.field, motif=ad.look.motif,
                text=f"{plan.shot.scene.headline} {plan.shot.scene.support}",
                span=(plan.shot.start, plan.shot.end),
            )  # fmt: skip
        if following is None:
            _end_card(canvas, ad=ad, plan=plan)
        else:
            _header(canvas, ad=ad, plan=plan)
            _message(canvas, ad=ad, plan=plan, box=ad.stage.wide if plan.layout == "full" else ad.stage.headline)
    _progress(canvas, ad=ad)


def _message(canvas: Canvas, *, ad: Ad, plan: Plan, box: Box) -> None:
    scene, unit = plan.shot.scene, ad.stage.unit
    support = scene.support
    gap, share = 40 * unit, 0.66 if support else 1.0
    room = Box(box.left, box.top, box.right, box.top + (box.height - gap) * share)
    headline = _set_headline(scene.headline, look=ad.look, box=room, stage=ad.stage)
    under = None
    if support:
        top = headline.box.bottom + gap + 10 * unit
        under = set_block(
            support, box=Box(box.left, top, box.right, box.bottom), face="medium", largest=50 * unit,
            leading=1.24, most_lines=4,
        )  # fmt: skip
    bottom = under.box.bottom if under else headline.box.bottom
    spare = box.bottom - bottom
    drop = spare * (0.0 if plan.layout == "full" and not ad.stage.side else 0.42)
    headline = moved(headline, dy=drop)
    _draw_headline(canvas, headline, ad=ad, plan=plan)
    if under:
        settled = plan.shot.start + 10 + 2 * len(headline.words)
        _rule(canvas, ad=ad, plan=plan, left=box.left, top=headline.box.bottom + gap * 0.42 + drop * 0, first=settled - 6)
        _draw_plain(canvas, moved(under, dy=drop), colour=plan.field.ink, first=settled, last=plan.shot.end)


def _set_headline(text: str, *, look: Look, box: Box, stage: Stage) -> Block:
    text = capitals(text) if look.capitals else text
    largest = look.largest * stage.unit
    if look.setting == "lockup":
        return set_lockup(text, box=box, face=look.face, largest=largest)
    inset = 22 * stage.unit if look.setting == "tape" else 0.0
    room = Box(box.left + inset, box.top + inset, box.right - inset, box.bottom - inset)
    return set_block(text, box=room, face=look.face, largest=largest, leading=look.leading)


def _draw_headline(canvas: Canvas, block: Block, *, ad: Ad, plan: Plan) -> None:
    field, first, last = plan.field, plan.shot.start, plan.shot.end
    tape = ad.look.setting == "tape"
    if tape:
        _strips(canvas, block, ad=ad, plan=plan)
    for number, word in enumerate(block.words):
        begin = first + (3 * word.line if ad.look.entrance == "unmask" else 2 * number)
        colour = _word_colour(word, field=field, tape=tape)
        if word.strong and not tape and not field.pop_reads:
            _marker(canvas, word, field=field, face=block.face, first=begin + 3, last=last)
            colour = field.on_pop
        entry, come = _entrance(ad.look, block, word)
        whole = last - begin
        moving = motion.leaving(come, length=whole, frames=_EXIT, dy=-18.0)
        if word.strong and _countable(word.text) and whole > _COUNT_FRAMES + 20:
            _count(canvas, word, face=block.face, colour=colour, first=begin, last=last, move=moving, entry=entry)
        else:
            canvas.text(
                word.text, left=word.left, baseline=word.baseline, face=block.face, size=word.size, colour=colour,
                first=begin, last=last, motion=moving, entry=entry, exit=_EXIT, layer=_TEXT_LAYER,
            )  # fmt: skip


def _word_colour(word: SetWord, *, field: Field, tape: bool) -> Rgb:
    if tape:
        return field.on_pop if word.line % 2 == 0 else field.ground
    return field.pop_ink if word.strong else field.ink


def _entrance(look: Look, block: Block, word: SetWord) -> tuple[int, Motion]:
    match look.entrance:
        case "unmask":
            return 12, motion.unmask(12, line=block.line_box(word.line).grown(6))
        case "rise":
            return 11, motion.rise(11, by=0.5 * word.size)
        case "pop":
            return 13, motion.pop(13)
        case "settle":
            return 9, motion.settle(9, start=1.22)


def _strips(canvas: Canvas, block: Block, *, ad: Ad, plan: Plan) -> None:
    for line in range(block.lines):
        words = [word for word in block.words if word.line == line]
        size, pad = words[0].size, 0.2 * words[0].size
        cap = metrics(block.face).cap_height * size
        left, right = words[0].left - pad, words[-1].left + words[-1].width + pad
        top = words[0].baseline - cap - 0.27 * size
        first = plan.shot.start + 3 * line
        strip = shapes.rect(0, 0, right - left, cap + 0.54 * size)
        canvas.shape(
            strip, left=left, top=top, colour=plan.field.pop if line % 2 == 0 else plan.field.ink,
            first=first - 2 if first else 0, last=plan.shot.end,
            motion=motion.leaving(
                motion.unroll(9, width=strip.width), length=plan.shot.end - max(0, first - 2), frames=_EXIT, dy=-18.0
            ),
            layer=_TEXT_LAYER,
        )  # fmt: skip


def _marker(canvas: Canvas, word: SetWord, *, field: Field, face: Face, first: int, last: int) -> None:
    pad, cap = 0.10 * word.size, metrics(face).cap_height * word.size
    plate = shapes.rounded(0, 0, word.width + 2 * pad, cap + 0.22 * word.size, 0.08 * word.size)
    canvas.shape(
        plate, left=word.left - pad, top=word.baseline - cap - 0.11 * word.size, colour=field.pop,
        first=first, last=last, layer=_TEXT_LAYER,
        motion=motion.leaving(motion.unroll(10, width=plate.width), length=last - first, frames=_EXIT, dy=-18.0),
    )  # fmt: skip


def _rule(canvas: Canvas, *, ad: Ad, plan: Plan, left: float, top: float, first: int) -> None:
    del canvas, ad, plan, left, top, first


def _draw_plain(canvas: Canvas, block: Block, *, colour: Rgb, first: int, last: int) -> None:
    for word in block.words:
        begin = first + 2 * word.line
        come = motion.rise(10, by=26)
        canvas.text(
            word.text, left=word.left, baseline=word.baseline, face=block.face, size=word.size, colour=colour,
            first=begin, last=last, motion=motion.leaving(come, length=last - begin, frames=_EXIT, dy=-12.0),
            entry=10, exit=_EXIT, layer=_TEXT_LAYER,
        )  # fmt: skip


_FIGURE = re.compile(r"^(\D*)(\d{1,3}(?:,\d{3})+|\d+)(\D*)$")


def _countable(word: str) -> bool:
    found = _FIGURE.match(word)
    if found is None:
        return False
    number = int(found.group(2).replace(",", ""))
    return number >= 10 and not (1900 <= number <= 2100 and "," not in word)


def _count(
    canvas: Canvas,
    word: SetWord,
    *,
    face: Face,
    colour: Rgb,
    first: int,
    last: int,
    move: Motion,
    entry: int,
) -> None:
    """Count up to the figure, right-aligned, then hold it."""
    found = _FIGURE.match(word.text)
    assert found is not None  # noqa: S101  (only countable words come here)
    before, digits, after = found.groups()
    goal = int(digits.replace(",", ""))
    step = 2
    for at in range(0, _COUNT_FRAMES, step):
        value = round(goal * motion.ease_out((at + 1) / _COUNT_FRAMES))
        shown = before + (f"{value:,}" if "," in digits else str(value)) + after
        left = word.left + word.width - width(shown, face=face, size=word.size)
        canvas.text(
            shown, left=left, baseline=word.baseline, face=face, size=word.size, colour=colour,
            first=first + at, last=first + at + step, motion=_later(move, at), entry=step, layer=_TEXT_LAYER,
        )  # fmt: skip
    canvas.text(
        word.text, left=word.left, baseline=word.baseline, face=face, size=word.size, colour=colour,
        first=first + _COUNT_FRAMES, last=last, motion=_later(move, _COUNT_FRAMES), exit=_EXIT, layer=_TEXT_LAYER,
    )  # fmt: skip


def _later(move: Motion, frames: int) -> Motion:
    return lambda frame: move(frame + frames)


def _header(canvas: Canvas, *, ad: Ad, plan: Plan) -> None:
    stage, box, field = ad.stage, ad.stage.header, plan.field
    first, last = plan.shot.start, plan.shot.end
    side = box.height
    come: Callable[[float], Motion] = lambda by: motion.slide(12, dy=by) if plan.shot.index == 0 else motion.still  # noqa: E731
    canvas.shape(
        shapes.rounded(0, 0, side, side, 0.28 * side), left=box.left, top=box.top, colour=field.pop,
        first=first, last=last, motion=come(-20.0), layer=_TEXT_LAYER,
    )  # fmt: skip
    letter = ad.brand.name[:1].upper()
    size = 0.66 * side
    cap = metrics("black").cap_height
    entry = 12 if plan.shot.index == 0 else 0
    canvas.text(
        letter, left=box.left + (side - width(letter, face="black", size=size)) / 2,
        baseline=box.top + (side + cap * size) / 2, face="black", size=size, colour=field.on_pop,
        first=first, last=last, motion=come(-20.0), entry=entry, layer=_TEXT_LAYER,
    )  # fmt: skip
    size = min(0.62 * side, 0.62 * side * box.width * 0.8 / width(ad.brand.name, face="bold", size=0.62 * side))
    canvas.text(
        ad.brand.name, left=box.left + side + 18 * stage.unit, baseline=box.top + (side + cap * size) / 2,
        face="bold", size=size, colour=field.ink, first=first, last=last, motion=come(-20.0), entry=entry,
        layer=_TEXT_LAYER,
    )  # fmt: skip


def _end_card(canvas: Canvas, *, ad: Ad, plan: Plan) -> None:
    stage, unit, field = ad.stage, ad.stage.unit, plan.field
    box = stage.headline
    first, last = plan.shot.start, plan.shot.end
    column = Box(box.left, stage.header.top, box.right, box.bottom + (40 * unit if not stage.side else 0))
    name = set_block(ad.brand.name, box=Box(column.left, column.top, column.right, column.top + 120 * unit), face="black", largest=104 * unit, most_lines=1)
    _word_in(canvas, name, colour=field.pop_ink, first=first, last=last)
    button_height, host_size = 118 * unit, 40 * unit
    foot = column.bottom - host_size - 26 * unit
    button_top = foot - button_height
    middle = Box(column.left, name.box.bottom + 56 * unit, column.right, button_top - 56 * unit)
    scene = plan.shot.scene
    support = scene.support
    head = set_block(
        scene.headline, box=replace(middle, bottom=middle.bottom - (middle.height * 0.32 if support else 0)),
        face="bold", largest=92 * unit, leading=1.1, most_lines=4,
    )  # fmt: skip
    _word_in(canvas, head, colour=field.ink, first=first + 5, last=last)
    if support:
        under = set_block(
            support, box=replace(middle, top=head.box.bottom + 34 * unit), face="medium", largest=46 * unit,
            leading=1.24, most_lines=3,
        )  # fmt: skip
        _word_in(canvas, under, colour=field.ink, first=first + 12, last=last)
        bottom = under.box.bottom
    else:
        bottom = head.box.bottom
    _button(canvas, ad=ad, plan=plan, top=min(button_top, bottom + 64 * unit), height=button_height, left=column.left, room=column.width)
    _host(canvas, ad=ad, plan=plan, left=column.left, room=column.width, baseline=min(button_top, bottom + 64 * unit) + button_height + 26 * unit + host_size)


def _word_in(canvas: Canvas, block: Block, *, colour: Rgb, first: int, last: int) -> None:
    for number, word in enumerate(block.words):
        canvas.text(
            word.text, left=word.left, baseline=word.baseline, face=block.face, size=word.size, colour=colour,
            first=first + number, last=last, motion=motion.rise(11, by=0.4 * word.size), entry=11, layer=_TEXT_LAYER,
        )  # fmt: skip


def _button(canvas: Canvas, *, ad: Ad, plan: Plan, top: float, height: float, left: float, room: float) -> None:
    field, unit = plan.field, ad.stage.unit
    size = min(54 * unit, 54 * unit * (room - 190 * unit) / width(ad.cta_text, face="black", size=54 * unit))
    arrow = 34 * unit
    length = width(ad.cta_text, face="black", size=size) + 2 * 54 * unit + 30 * unit + arrow
    first, last = plan.shot.start + 14, plan.shot.end
    pill = shapes.rounded(0, 0, length, height, height / 2)

    def pulse(frame: int) -> motion.Pose:
        pose = motion.pop(13, start=0.7)(frame)
        if frame < 13:
            return pose
        beat = (frame - 13) % 36
        swell = 1 + 0.03 * (motion.ease_in_out(beat / 8) - motion.ease_in_out((beat - 8) / 14))
        return replace(pose, scale_x=swell, scale_y=swell)

    def halo(frame: int) -> motion.Pose:
        beat = (frame - 13) % 36 / 30
        grow = 1 + 0.26 * motion.ease_out(beat)
        return motion.Pose(scale_x=1 + (grow - 1) * height / length, scale_y=grow, opacity=0.35 * max(0.0, 1 - beat) if frame >= 13 else 0.0)

    canvas.shape(pill, left=left, top=top, colour=field.pop, first=first, last=last, motion=halo, layer=_TEXT_LAYER)
    canvas.shape(pill, left=left, top=top, colour=field.pop, first=first, last=last, motion=pulse, layer=_TEXT_LAYER + 1)
    tip = shapes.stroke([(4, arrow / 2), (arrow - 4, arrow / 2), (arrow * 0.58, 4)], thickness=8 * unit)
    tip += shapes.stroke([(arrow - 4, arrow / 2), (arrow * 0.58, arrow - 4)], thickness=8 * unit)

    def nudge(frame: int) -> motion.Pose:
        beat = (frame % 36) / 36
        return motion.Pose(dx=8 * unit * (motion.ease_in_out(beat * 3) - motion.ease_in_out(beat * 3 - 1)), opacity=min(1.0, frame / 6))

    canvas.shape(
        shapes.sized(tip, width=arrow, height=arrow), left=left + length - 54 * unit - arrow,
        top=top + (height - arrow) / 2, colour=field.on_pop, first=first + 4, last=last, motion=nudge, layer=_TEXT_LAYER + 2,
    )  # fmt: skip
    cap = metrics("black").cap_height * size
    canvas.text(
        ad.cta_text, left=left + 54 * unit, baseline=top + (height + cap) / 2, face="black", size=size,
        colour=field.on_pop, first=first + 3, last=last, motion=motion.rise(8, by=14), entry=8, layer=_TEXT_LAYER + 2,
    )  # fmt: skip


def _host(canvas: Canvas, *, ad: Ad, plan: Plan, left: float, room: float, baseline: float) -> None:
    size = min(40 * ad.stage.unit, 40 * room / width(ad.host, face="medium", size=40.0))
    canvas.text(
        ad.host, left=left, baseline=baseline, face="medium", size=size, colour=plan.field.ink,
        first=plan.shot.start + 20, last=plan.shot.end, motion=motion.rise(10, by=16), entry=10, layer=_TEXT_LAYER,
    )  # fmt: skip


def _progress(canvas: Canvas, *, ad: Ad) -> None:
    stage, frames = ad.stage, ad.timeline.frames
    thick = 10 * stage.unit
    bar = shapes.rect(0, 0, stage.width, thick)

    def grow(frame: int) -> motion.Pose:
        share = (frame + 1) / frames
        return motion.Pose(scale_x=share, dx=-stage.width * (1 - share) / 2)

    canvas.shape(
        bar, left=0, top=stage.height - thick, colour=mix(ad.theme.main.pop, (255, 255, 255), 0.0),
        first=0, last=frames, motion=grow, layer=70,
    )  # fmt: skip

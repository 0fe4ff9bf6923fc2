# SPDX-License-Identifier: Apache-2.0
"""Render the Northbrew demo footage (a made-up cold brew brand) with Blender's Cycles.

Everything is made here: meshes, materials, label and lights. No outside images,
models or environment maps are used. One scene unit is 10 cm.

    python3.11 -m venv /tmp/footage/venv
    /tmp/footage/venv/bin/pip install bpy==4.5.15 pillow
    /tmp/footage/venv/bin/python scene.py hero_bottle --out . --fonts <folder with Roboto-*.ttf>
    /tmp/footage/venv/bin/python scene.py orbit --out /tmp/footage/frames --frames 31

A still is written as <shot>.jpg; the orbit is written as numbered PNG frames.
"""

from __future__ import annotations

import argparse
import atexit
import math
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Vector, noise
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ESPRESSO, CREAM, AMBER = "#2B1A12", "#F6EBDD", "#E8A33D"
Point = tuple[float, float]
Vec3 = tuple[float, float, float]
VENV = Path(__file__).resolve().parents[2] / ".venv"
FONTS = VENV / "lib/python3.11/site-packages/font_roboto/files"
WORK = Path(tempfile.mkdtemp(prefix="northbrew_"))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


def linear(colour: str) -> tuple[float, float, float, float]:
    """An sRGB hex colour as the linear RGBA Blender wants."""
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return (r, g, b, 1.0)


# ---------------------------------------------------------------- materials


class Mat:
    """A thin builder over a material's node tree."""

    def __init__(self, name: str) -> None:
        self.mat = bpy.data.materials.new(name)
        self.mat.use_nodes = True
        self.tree = self.mat.node_tree
        self.tree.nodes.clear()
        self.out = self.tree.nodes.new("ShaderNodeOutputMaterial")

    def node(self, kind: str, ins: dict[Any, Any] | None = None, **props: Any) -> Any:
        """Add a node; inputs may be values or sockets to link."""
        made = self.tree.nodes.new("ShaderNode" + kind)
        for key, value in props.items():
            setattr(made, key, value)
        for key, value in (ins or {}).items():
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, made.inputs[key])
            else:
                made.inputs[key].default_value = value
        return made

    def math(self, op: str, a: Any, b: Any = 0.0) -> Any:
        """Add a Math node."""
        return self.node("Math", {0: a, 1: b}, operation=op).outputs[0]

    def vmath(self, op: str, a: Any, b: Any) -> Any:
        """Add a VectorMath node."""
        return self.node("VectorMath", {0: a, 1: b}, operation=op).outputs[0]

    def ramp(self, fac: Any, stops: Sequence[tuple[float, Sequence[float]]]) -> Any:
        """Map a value to colours."""
        made = self.node("ValToRGB", {0: fac})
        ramp = made.color_ramp
        while len(ramp.elements) < len(stops):
            ramp.elements.new(0.5)
        for element, (pos, colour) in zip(ramp.elements, stops, strict=True):
            element.position = pos
            element.color = (*colour[:3], 1.0)
        return made.outputs[0]

    def coords(self, scale: Vec3 = (1, 1, 1)) -> Any:
        """Object coordinates, scaled."""
        coord = self.node("TexCoord").outputs["Object"]
        return self.node("Mapping", {0: coord, 3: scale}).outputs[0]

    def noise(self, vector: Any, scale: float, detail: float = 4, rough: float = 0.5) -> Any:
        """Add a noise texture."""
        ins = {"Vector": vector, "Scale": scale, "Detail": detail, "Roughness": rough}
        return self.node("TexNoise", ins).outputs[0]

    def bump(self, height: Any, strength: float, distance: float = 0.02) -> Any:
        """Turn a height into a normal."""
        ins = {"Height": height, "Strength": strength, "Distance": distance}
        return self.node("Bump", ins).outputs[0]

    def principled(self, **ins: Any) -> Any:
        """Add a Principled BSDF; underscores stand for spaces."""
        named = {key.replace("_", " "): value for key, value in ins.items()}
        return self.node("BsdfPrincipled", named).outputs[0]

    def clear_to_shadows(self, shader: Any, tint: Sequence[float]) -> Any:
        """Let light through glass as a tinted shadow; far less noise than caustics."""
        path = self.node("LightPath")
        soft = self.math("MAXIMUM", path.outputs["Is Shadow Ray"], path.outputs["Is Diffuse Ray"])
        through = self.node("BsdfTransparent", {0: (*tint[:3], 1.0)}).outputs[0]
        return self.node("MixShader", {0: soft, 1: shader, 2: through}).outputs[0]

    def done(self, surface: Any, volume: Any = None) -> bpy.types.Material:
        """Connect the result and return the material."""
        self.tree.links.new(surface, self.out.inputs["Surface"])
        if volume is not None:
            self.tree.links.new(volume, self.out.inputs["Volume"])
        return self.mat


def glass(
    name: str,
    ior: float,
    shadow: Vec3,
    absorb: tuple[Vec3, float] | None = None,
    bump: tuple[float, float] | None = None,
) -> bpy.types.Material:
    """Clear or tinted (absorbing) glass, liquid or ice."""
    m = Mat(name)
    ins: dict[str, Any] = {"Roughness": 0.0, "IOR": ior, "Color": (1, 1, 1, 1)}
    if bump:
        ins["Normal"] = m.bump(m.noise(m.coords(), bump[0], 5), bump[1])
    shader = m.clear_to_shadows(m.node("BsdfGlass", ins).outputs[0], shadow)
    volume = None
    if absorb:
        colour, density = absorb
        volume = m.node("VolumeAbsorption", {0: (*colour, 1.0), 1: density}).outputs[0]
    return m.done(shader, volume)


def matte(
    name: str, colour: Sequence[float], rough: float = 0.7, grain: float = 0.1, scale: float = 9
) -> bpy.types.Material:
    """Plaster, paper or moulded plastic: one colour with a little unevenness."""
    m = Mat(name)
    n = m.noise(m.coords(), scale, 8, 0.6)
    dark = [c * (0.86 if grain > 0.03 else 0.98) for c in colour[:3]]
    base = m.ramp(n, [(0.3, dark), (0.7, colour)])
    normal = m.bump(m.noise(m.coords(), scale * 5, 6), grain)
    return m.done(m.principled(Base_Color=base, Roughness=rough, Normal=normal))


def wood(name: str, light: Vec3, dark: Vec3, rough: float = 0.38) -> bpy.types.Material:
    """Oiled butcher-block counter: staves along x, each with its own grain."""
    m = Mat(name)
    pos = m.node("TexCoord").outputs["Object"]
    xyz = m.node("SeparateXYZ", {0: pos}).outputs
    stave = m.math("FLOOR", m.math("MULTIPLY", xyz[1], 0.95))
    rand = m.node("TexWhiteNoise", {"W": stave}, noise_dimensions="1D").outputs["Value"]
    shift = m.node("CombineXYZ", {0: m.math("MULTIPLY", rand, 40), 2: m.math("MULTIPLY", rand, 9)})
    moved = m.vmath("ADD", pos, shift.outputs[0])
    warp = m.noise(m.node("Mapping", {0: moved, 3: (0.35, 1.6, 1)}).outputs[0], 1.2, 3)
    rings = m.node(
        "TexWave",
        {
            "Vector": m.node("Mapping", {0: moved, 3: (0.05, 1.0, 0.4)}).outputs[0],
            "Scale": 0.9,
            "Distortion": m.math("MULTIPLY", warp, 7),
            "Detail": 4,
            "Detail Scale": 1.6,
        },
        bands_direction="Y",
    ).outputs["Fac"]
    fibre = m.noise(m.node("Mapping", {0: moved, 3: (1.2, 30, 4)}).outputs[0], 2.2, 8, 0.62)
    tone = m.math("ADD", m.math("MULTIPLY", rings, 0.16), m.math("MULTIPLY", fibre, 0.72))
    tone = m.math("ADD", tone, m.math("MULTIPLY", rand, 0.26))
    mid = tuple((a + b) / 2 for a, b in zip(light, dark, strict=True))
    base = m.ramp(tone, [(0.25, dark), (0.55, mid), (0.9, light)])
    seam = m.math("FRACT", m.math("MULTIPLY", xyz[1], 0.95))
    seam = m.math("LESS_THAN", seam, 0.012)
    base = m.node(
        "Mix",
        {0: m.math("MULTIPLY", seam, 0.7), 6: base, 7: (0.02, 0.01, 0.005, 1)},
        data_type="RGBA",
    ).outputs[2]
    normal = m.bump(fibre, 0.12, 0.02)
    gloss = m.math("ADD", m.math("MULTIPLY", fibre, 0.25), rough - 0.12)
    return m.done(m.principled(Base_Color=base, Roughness=gloss, Normal=normal))


def stone(name: str, colour: Vec3, rough: float) -> bpy.types.Material:
    """Honed slate: dark, softly reflective, slightly uneven."""
    m = Mat(name)
    n = m.noise(m.coords(), 2.2, 10, 0.62)
    base = m.ramp(n, [(0.3, [c * 0.5 for c in colour]), (0.75, [c * 1.5 for c in colour])])
    gloss = m.math("ADD", m.math("MULTIPLY", n, 0.25), rough - 0.1)
    normal = m.bump(m.noise(m.coords(), 7, 8, 0.6), 0.07)
    return m.done(m.principled(Base_Color=base, Roughness=gloss, Normal=normal))


def tiles(name: str) -> bpy.types.Material:
    """Glazed off-white kitchen tiles with thin grout."""
    m = Mat(name)
    pos = m.node("TexCoord").outputs["Object"]
    xyz = m.node("SeparateXYZ", {0: pos}).outputs
    flat = m.node("CombineXYZ", {0: xyz[0], 1: xyz[2]}).outputs[0]
    brick = m.node(
        "TexBrick",
        {
            "Vector": flat,
            "Scale": 1.0,
            "Mortar Size": 0.012,
            "Mortar Smooth": 0.3,
            "Brick Width": 1.6,
            "Row Height": 0.75,
            "Color1": (0.78, 0.68, 0.55, 1),
            "Color2": (0.70, 0.60, 0.47, 1),
            "Mortar": (0.58, 0.49, 0.38, 1),
        },
    )
    wavy = m.math("MULTIPLY", m.noise(pos, 1.6, 2), 0.8)
    height = m.math("SUBTRACT", wavy, brick.outputs["Fac"])
    normal = m.bump(height, 0.25, 0.05)
    return m.done(m.principled(Base_Color=brick.outputs["Color"], Roughness=0.32, Normal=normal))


def bean_material() -> bpy.types.Material:
    """Dark roast: each bean a slightly different brown with an oily sheen."""
    m = Mat("bean")
    rand = m.node("ObjectInfo").outputs["Random"]
    n = m.noise(m.coords(), 26, 6, 0.6)
    tone = m.math("ADD", m.math("MULTIPLY", rand, 0.55), m.math("MULTIPLY", n, 0.5))
    base = m.ramp(tone, [(0.2, (0.022, 0.0085, 0.004)), (0.9, (0.115, 0.046, 0.018))])
    normal = m.bump(m.noise(m.coords(), 60, 5), 0.35, 0.006)
    return m.done(m.principled(Base_Color=base, Roughness=0.42, Normal=normal, Coat_Weight=0.25, Coat_Roughness=0.25))


def milky_coffee() -> bpy.types.Material:
    """Cold coffee with milk sinking through it in plumes."""
    m = Mat("milky_coffee")
    pos = m.node("TexCoord").outputs["Object"]
    xyz = m.node("SeparateXYZ", {0: pos}).outputs
    warp = m.node("TexNoise", {"Vector": pos, "Scale": 2.6, "Detail": 3.0}).outputs["Color"]
    warp = m.vmath("MULTIPLY", m.vmath("SUBTRACT", warp, (0.5, 0.5, 0.5)), (0.75, 0.75, 0.9))
    bent = m.node("Mapping", {0: m.vmath("ADD", pos, warp), 3: (1.5, 1.5, 0.62)}).outputs[0]
    n = m.node(
        "TexNoise",
        {"Vector": bent, "Scale": 2.3, "Detail": 6.0, "Roughness": 0.45, "Distortion": 1.3},
    ).outputs[0]
    # more milk in the lower half, where it has sunk and mixed
    sink = m.node("MapRange", {0: xyz[2], 1: 0.1, 2: 1.15, 3: 0.17, 4: -0.07}).outputs[0]
    tone = m.math("ADD", n, sink)
    base = m.ramp(
        tone,
        [
            (0.34, (0.018, 0.007, 0.003)),
            (0.47, (0.075, 0.028, 0.010)),
            (0.55, (0.36, 0.17, 0.07)),
            (0.62, (0.63, 0.44, 0.26)),
            (0.74, (0.85, 0.72, 0.54)),
        ],
    )
    shader = m.principled(
        Base_Color=base,
        Roughness=0.08,
        IOR=1.33,
        Subsurface_Weight=0.35,
        Subsurface_Radius=(0.3, 0.2, 0.12),
        Subsurface_Scale=0.06,
    )
    return m.done(shader)


def picture(name: str, path: Path, rough: float) -> bpy.types.Material:
    """A printed image with cut-out (alpha) edges."""
    m = Mat(name)
    image = bpy.data.images.load(str(path))
    tex = m.node("TexImage", image=image, extension="CLIP", interpolation="Cubic")
    normal = m.bump(m.noise(m.coords(), 90, 4), 0.06, 0.004)
    paper = m.principled(Base_Color=tex.outputs[0], Roughness=rough, Normal=normal)
    clear = m.node("BsdfTransparent").outputs[0]
    mix = m.node("MixShader", {0: tex.outputs["Alpha"], 1: clear, 2: paper}).outputs[0]
    return m.done(mix)


# ---------------------------------------------------------------- print


def star(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, fill: str) -> None:
    """The Northbrew mark: a four-point north star, its upper ray the longest."""
    rays = [(0, -1.35), (0.17, -0.17), (0.8, 0), (0.17, 0.17), (0, 1), (-0.17, 0.17), (-0.8, 0), (-0.17, -0.17)]
    draw.polygon([(x + a * size, y + b * size) for a, b in rays], fill=fill)


def tracked(draw: ImageDraw.ImageDraw, mid: Point, text: str, font: Any, fill: str, gap: float) -> None:
    """Centred text with letter-spacing."""
    widths = [draw.textlength(ch, font=font) for ch in text]
    x = mid[0] - (sum(widths) + gap * (len(text) - 1)) / 2
    for ch, width in zip(text, widths, strict=True):
        draw.text((x, mid[1]), ch, font=font, fill=fill, anchor="lm")
        x += width + gap


def label_image(fonts: Path) -> Path:
    """The front label, 1400 x 1300 with rounded corners."""

    def face(weight: str, size: int) -> Any:
        return ImageFont.truetype(str(fonts / f"Roboto-{weight}.ttf"), size)

    w, h = 1400, 1300
    art = Image.new("RGB", (w, h), CREAM)
    d = ImageDraw.Draw(art)
    star(d, w / 2, 230, 104, AMBER)
    tracked(d, (w / 2, 480), "NORTHBREW", face("Black", 178), ESPRESSO, 20)
    d.rectangle((w / 2 - 90, 604, w / 2 + 90, 612), fill=AMBER)
    tracked(d, (w / 2, 712), "COLD BREW", face("Medium", 96), ESPRESSO, 26)
    tracked(d, (w / 2, 824), "CONCENTRATE", face("Regular", 84), ESPRESSO, 24)
    tracked(d, (w / 2, 958), "Slow-steeped for 18 hours", face("Regular", 56), "#6B4A36", 3)
    d.rectangle((0, 1080, w, h), fill=ESPRESSO)
    tracked(d, (w / 2, 1188), "No. 01   \u2022   500 ML   \u2022   16.9 FL OZ", face("Medium", 54), CREAM, 7)
    mask = Image.new("L", (w, h), 0)
    ImageDraw.Draw(mask).rounded_rectangle((3, 3, w - 4, h - 4), 46, fill=255)
    art.putalpha(mask.filter(ImageFilter.GaussianBlur(1.2)))
    path = WORK / "label.png"
    art.save(path)
    return path


def cap_image(fonts: Path) -> Path:
    """The print on the cap's top: the mark and the name."""
    art = Image.new("RGBA", (900, 900), (232, 163, 61, 0))
    d = ImageDraw.Draw(art)
    star(d, 450, 400, 190, AMBER)
    tracked(d, (450, 690), "NORTHBREW", ImageFont.truetype(str(fonts / "Roboto-Bold.ttf"), 78), AMBER, 9)
    path = WORK / "cap.png"
    art.save(path)
    return path


# ---------------------------------------------------------------- meshes


def add_mesh(
    name: str, verts: Any, faces: Any, mat: bpy.types.Material | None, smooth: bool = True
) -> bpy.types.Object:
    """Make an object from points and faces."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(v) for v in verts], [], [tuple(f) for f in faces])
    mesh.polygons.foreach_set("use_smooth", [smooth] * len(mesh.polygons))
    if mat:
        mesh.materials.append(mat)
    mesh.update()
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj


def curve(*points: Point, steps: int = 14) -> list[Point]:
    """A Bezier curve of any degree through its control points."""
    degree = len(points) - 1
    out = []
    for i in range(steps + 1):
        t = i / steps
        weights = [math.comb(degree, k) * t**k * (1 - t) ** (degree - k) for k in range(degree + 1)]
        out.append(
            (
                sum(w * p[0] for w, p in zip(weights, points, strict=True)),
                sum(w * p[1] for w, p in zip(weights, points, strict=True)),
            )
        )
    return out


def lathe(
    name: str,
    profile: Sequence[Point],
    mat: bpy.types.Material,
    segments: int = 160,
    ridge: Callable[[float, float], float] | None = None,
) -> bpy.types.Object:
    """Turn a profile that starts and ends on the axis; ridge(angle, z) adds to the radius."""
    ring = [p for p in profile if p[0] > 1e-6]
    verts: list[Vec3] = []
    for r, z in ring:
        for s in range(segments):
            a = 2 * math.pi * s / segments
            rr = r + (ridge(a, z) if ridge else 0.0)
            verts.append((rr * math.cos(a), rr * math.sin(a), z))
    faces: list[tuple[int, ...]] = []
    for i in range(len(ring) - 1):
        for s in range(segments):
            t = (s + 1) % segments
            b, c = i * segments, (i + 1) * segments
            faces.append((b + s, b + t, c + t, c + s))
    for z, row, flip in ((profile[0][1], 0, True), (profile[-1][1], len(ring) - 1, False)):
        hub = len(verts)
        verts.append((0, 0, z))
        for s in range(segments):
            a, b = row * segments + s, row * segments + (s + 1) % segments
            faces.append((hub, b, a) if flip else (hub, a, b))
    return add_mesh(name, verts, faces, mat)


BODY_R, LIQUID_Z = 0.40, 1.46


def bottle_outer() -> list[Point]:
    """The bottle's outside, as (radius, height) from base to mouth."""
    return [
        (0.0, 0.035),
        (0.2, 0.03),
        (0.31, 0.006),
        *curve((0.335, 0.0), (BODY_R, 0.0), (BODY_R, 0.065), steps=8),
        *[(BODY_R, z) for z in (0.1, 0.4, 0.8, 1.12)],
        *curve((BODY_R, 1.16), (BODY_R, 1.44), (0.15, 1.40), (0.15, 1.66), steps=28)[1:],
        (0.15, 1.70),
        *curve((0.15, 1.71), (0.185, 1.71), (0.185, 1.735), steps=4),
        *curve((0.185, 1.755), (0.185, 1.775), (0.15, 1.775), steps=4),
        (0.15, 1.95),
    ]


def inset(profile: Sequence[Point], by: float, floor: float) -> list[Point]:
    """The inner wall: the profile moved inward, with a raised floor."""
    walls = [(r - by, z) for r, z in profile if z >= floor + 0.09 and r > by and r != 0.185]
    corner = curve((walls[0][0] - 0.09, floor), (walls[0][0], floor), walls[0], steps=6)
    return [(0.0, floor), *corner, *walls[1:]]


def smooth_neck(points: Sequence[Point]) -> list[Point]:
    """Drop the outside collar so that the bore stays straight."""
    return [p for p in points if not 1.70 < p[1] < 1.80]


def label_panel(mat: bpy.types.Material) -> bpy.types.Object:
    """The curved front label with its texture coordinates."""
    half, r, low, high, n = math.radians(56), BODY_R + 0.0025, 0.26, 0.99, 64
    verts, faces = [], []
    for i in range(n + 1):
        a = -half + 2 * half * i / n
        for z in (low, high):
            verts.append((r * math.sin(a), -r * math.cos(a), z))
    for i in range(n):
        faces.append((2 * i, 2 * i + 2, 2 * i + 3, 2 * i + 1))
    obj = add_mesh("label", verts, faces, mat)
    uv = obj.data.uv_layers.new()
    for poly in obj.data.polygons:
        for loop in poly.loop_indices:
            v = obj.data.loops[loop].vertex_index
            uv.data[loop].uv = ((v // 2) / n, float(v % 2))
    return obj


def unit_dome(level: int) -> tuple[np.ndarray, np.ndarray]:
    """Half a sphere as arrays of points and triangles."""
    rings, segs = (3, 8) if level == 0 else (6, 16)
    verts = [(0.0, 0.0, 1.0)]
    for i in range(1, rings + 1):
        b = math.pi / 2 * i / rings
        for s in range(segs):
            a = 2 * math.pi * s / segs
            verts.append((math.sin(b) * math.cos(a), math.sin(b) * math.sin(a), math.cos(b)))
    faces = [(0, 1 + s, 1 + (s + 1) % segs, -1) for s in range(segs)]
    for i in range(rings - 1):
        for s in range(segs):
            a, b = 1 + i * segs, 1 + (i + 1) * segs
            t = (s + 1) % segs
            faces.append((a + s, b + s, b + t, a + t))
    return np.array(verts), np.array(faces)


def droplets(
    name: str,
    profile: Sequence[Point],
    span: Point,
    count: int,
    mat: bpy.types.Material,
    skip: Callable[[float, float], bool] = lambda a, z: False,
    seed: int = 3,
    size: float = 1.0,
) -> bpy.types.Object:
    """Condensation: beads of water on a lathed surface, many small and a few large."""
    rng = random.Random(seed)
    pts = [p for p in profile if span[0] <= p[1] <= span[1]]
    zs, rs = np.array([p[1] for p in pts]), np.array([p[0] for p in pts])
    all_v: list[np.ndarray] = []
    all_f: list[tuple[int, ...]] = []
    base = 0
    taken: list[tuple[float, float, float]] = []
    tries = 0
    while count and tries < 60000:
        tries += 1
        a, z = rng.uniform(-math.pi, math.pi), rng.uniform(*span)
        s = size * min(0.0045 + rng.expovariate(1 / 0.0042), 0.021)
        if skip(a, z):
            continue
        r = float(np.interp(z, zs, rs))
        if any(
            abs(z - tz) < s + ts and abs(a - ta) * r < s + ts and math.hypot(z - tz, (a - ta) * r) < (s + ts) * 1.02
            for ta, tz, ts in taken
        ):
            continue
        taken.append((a, z, s))
        slope = (float(np.interp(z + 0.01, zs, rs)) - float(np.interp(z - 0.01, zs, rs))) / 0.02
        out = Vector((math.sin(a), -math.cos(a), -slope)).normalized()
        side = Vector((math.cos(a), math.sin(a), 0.0))
        down = out.cross(side)
        verts, faces = unit_dome(1 if s > 0.009 else 0)
        tall = 1.0 + (0.35 * rng.random() if s > 0.012 else 0.12 * rng.random())
        shaped = verts * np.array([s, s * tall, s * 0.52])
        frame = np.array([list(side), list(down), list(out)])
        centre = np.array([r * math.sin(a), -r * math.cos(a), z]) + np.array(out) * -0.0006
        all_v.append(shaped @ frame + centre)
        for f in faces:
            all_f.append(tuple(int(i) + base for i in f if i >= 0))
        base += len(verts)
        count -= 1
    return add_mesh(name, np.concatenate(all_v), all_f, mat)


def bean_mesh(seed: int, mat: bpy.types.Material, rows: int = 40, segs: int = 56) -> bpy.types.Mesh:
    """A coffee bean about 11 mm long, flat side with an S-shaped crease."""
    rng = random.Random(seed)
    verts, faces = [], []
    bend, depth = rng.uniform(0.05, 0.14), rng.uniform(0.14, 0.2)
    for i in range(rows + 1):
        b = math.pi * i / rows
        for s in range(segs):
            a = 2 * math.pi * s / segs
            x, y, z = math.cos(b), math.sin(b) * math.cos(a), math.sin(b) * math.sin(a)
            flat = z > 0
            zz = z * (0.30 if flat else 0.62)
            if flat:
                mid = bend * math.sin(2.6 * x)
                zz -= depth * math.exp(-(((y - mid) / 0.085) ** 2)) * min(1.0, z * 2.2)
                zz += 0.05 * math.exp(-(((abs(y - mid) - 0.22) / 0.16) ** 2)) * z
            p = Vector((x, y * (0.74 - 0.05 * x), zz))
            p *= 1 + 0.05 * noise.noise(p * 1.8 + Vector((seed * 7.1, 0, 0)))
            verts.append(tuple(p * 0.056))
    for i in range(rows):
        for s in range(segs):
            t = (s + 1) % segs
            faces.append((i * segs + s, i * segs + t, (i + 1) * segs + t, (i + 1) * segs + s))
    obj = add_mesh(f"bean{seed}", verts, faces, mat)
    mesh = obj.data
    bpy.data.objects.remove(obj)
    return mesh


def ice_cube(name: str, size: Vec3, seed: int, mat: bpy.types.Material) -> bpy.types.Object:
    """A melted-edge cube: a superellipsoid on a cube grid, slightly lumpy."""
    n, verts, faces = 18, [], []
    for axis in range(3):
        for sign in (-1, 1):
            start = len(verts)
            for i in range(n + 1):
                for j in range(n + 1):
                    u, v = 2 * i / n - 1, 2 * j / n - 1
                    p = [0.0, 0.0, 0.0]
                    p[axis], p[(axis + 1) % 3], p[(axis + 2) % 3] = sign, u * sign, v
                    vec = Vector(p)
                    power = 7.0
                    vec /= sum(abs(c) ** power for c in vec) ** (1 / power)
                    vec *= 1 + 0.07 * noise.noise(vec * 1.3 + Vector((seed * 3.7, seed, 0)))
                    verts.append(tuple(c * s / 2 for c, s in zip(vec, size, strict=True)))
            for i in range(n):
                for j in range(n):
                    a = start + i * (n + 1) + j
                    faces.append((a, a + n + 1, a + n + 2, a + 1))
    obj = add_mesh(name, verts, faces, mat)
    weld(obj)
    return obj


def weld(obj: bpy.types.Object) -> None:
    """Merge coincident points and make the normals point outward."""
    import bmesh  # only importable once bpy is loaded

    bm = bmesh.new()
    bm.from_mesh(obj.data)
    bmesh.ops.remove_doubles(bm, verts=bm.verts, dist=1e-5)
    bmesh.ops.recalc_face_normals(bm, faces=bm.faces)
    bm.to_mesh(obj.data)
    bm.free()


def group(name: str, parts: Sequence[bpy.types.Object]) -> bpy.types.Object:
    """Parent the parts to an empty, so that they move together."""
    root = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(root)
    for part in parts:
        part.parent = root
    return root


def cap_parts(fonts: Path) -> list[bpy.types.Object]:
    """A ribbed screw cap with its printed top; its lower edge is at z = 0."""

    def ribs(angle: float, z: float) -> float:
        return 0.0035 * math.cos(72 * angle) if 0.035 < z < 0.2 else 0.0

    plastic = matte("cap", [c * 0.8 for c in linear(ESPRESSO)[:3]], 0.42, 0.05, 30)
    r = 0.2
    profile = [
        (0.0, 0.2),
        (0.17, 0.2),
        (0.178, 0.0),
        (r, 0.0),
        (r, 0.03),
        (r, 0.036),
        *[(r, 0.04 + 0.155 * i / 6) for i in range(7)],
        *curve((r, 0.202), (r, 0.232), (r - 0.03, 0.232), steps=8),
        (0.0, 0.232),
    ]
    shell = lathe("cap", profile, plastic, 576, ribs)
    weld(shell)
    side = 0.14
    face = add_mesh(
        "cap_print",
        [(-side, -side, 0.2330), (side, -side, 0.2330), (side, side, 0.2330), (-side, side, 0.2330)],
        [(0, 1, 2, 3)],
        picture("cap_print", cap_image(fonts), 0.35),
    )
    uv = face.data.uv_layers.new()
    for i, co in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        uv.data[i].uv = co
    return [shell, face]


def bottle(fonts: Path, wet: int, capped: bool = True, glow: float = 1.0) -> bpy.types.Object:
    """The amber bottle with label, liquid, condensation and cap, standing at z = 0."""
    amber = glass("amber", 1.5, (0.95, 0.55, 0.18), ((0.92, 0.69, 0.12), 34.0))
    brew = glass("brew", 1.34, (0.8, 0.35, 0.1), ((0.74, 0.54, 0.20), 12.5 / glow))
    water = glass("dew", 1.33, (1, 1, 1))
    outer = bottle_outer()
    inner = inset(smooth_neck(outer), 0.03, 0.075)
    shell = lathe("glass", [*outer, (0.12, 1.95), *reversed(inner)], amber)
    weld(shell)
    wet_wall = [(r + 0.004, z - (0.004 if i == 0 else 0)) for i, (r, z) in enumerate(inner)]
    wet_wall[0] = (0.0, wet_wall[0][1])
    top = [p for p in wet_wall if p[1] <= LIQUID_Z]
    brim = float(np.interp(LIQUID_Z, [p[1] for p in wet_wall], [p[0] for p in wet_wall]))
    liquid = lathe("brew", [*top, (brim, LIQUID_Z), (0.0, LIQUID_Z)], brew)
    weld(liquid)
    parts = [shell, liquid, label_panel(picture("label", label_image(fonts), 0.55))]

    def under_label(a: float, z: float) -> bool:
        return abs(a) < math.radians(58.5) and 0.24 < z < 1.01

    if wet:
        parts.append(droplets("dew", outer, (0.05, 1.68), wet, water, under_label))
    if capped:
        for part in cap_parts(fonts):
            part.location.z = 1.755
            parts.append(part)
    return group("bottle", parts)


def iced_glass(wet: int = 500) -> bpy.types.Object:
    """A tall glass of cold brew, milk and ice, standing at z = 0."""
    clear = glass("tumbler", 1.48, (0.96, 0.96, 0.95))
    ice = glass("ice", 1.31, (0.95, 0.96, 0.97), None, (5.0, 0.3))
    water = glass("dew2", 1.33, (1, 1, 1))
    h, low, high, wall, level = 1.5, 0.31, 0.375, 0.022, 1.2

    def radius(z: float) -> float:
        return low + (high - low) * z / h

    outer = [
        (0.0, 0.02),
        (0.22, 0.015),
        *curve((0.27, 0), (low, 0.0), (radius(0.05), 0.05), steps=6),
        *[(radius(z), z) for z in np.linspace(0.1, h - 0.012, 14)],
    ]
    lip = curve(
        (radius(h) - 0.001, h - 0.008), (radius(h) - wall / 2, h + 0.01), (radius(h) - wall, h - 0.008), steps=6
    )
    inner = [(radius(z) - wall, float(z)) for z in np.linspace(h - 0.03, 0.19, 14)]
    floor = curve((radius(0.18) - wall, 0.17), (radius(0.1) - wall, 0.115), (0.2, 0.11), steps=6)
    shell = lathe("tumbler", [*outer, *lip, *inner, *floor, (0.0, 0.115)], clear)
    weld(shell)
    wet_wall = [(r + 0.003, z) for r, z in reversed([*inner, *floor]) if z < level]
    brim = radius(level) - wall + 0.003
    liquid = lathe(
        "latte",
        [(0.0, 0.112), *wet_wall, (brim, level + 0.006), (brim - 0.012, level), (0.0, level)],
        milky_coffee(),
    )
    weld(liquid)
    parts = [shell, liquid]
    cubes: list[tuple[Vec3, Vec3, float]] = [
        ((0.17, -0.06, 1.19), (0.15, 0.1, 0.5), 0.27),
        ((-0.13, -0.13, 1.20), (-0.2, 0.25, 1.3), 0.26),
        ((-0.05, 0.17, 1.20), (0.25, -0.2, 0.2), 0.27),
        ((0.02, -0.02, 1.38), (0.5, 0.35, 0.7), 0.26),
        ((-0.19, 0.08, 1.36), (0.9, 0.2, 0.3), 0.2),
    ]
    for i, (place, turn, size) in enumerate(cubes):
        cube = ice_cube(f"ice{i}", (size, size * 0.95, size * 0.9), i + 2, ice)
        cube.location, cube.rotation_euler = place, turn
        parts.append(cube)
    if wet:
        parts.append(droplets("dew_glass", outer[3:], (0.12, 1.2), wet, water, seed=9, size=0.9))
    return group("iced_glass", parts)


# ---------------------------------------------------------------- beans by gravity


def box(name: str, size: Vec3, at: Vec3, mat: bpy.types.Material | None = None) -> bpy.types.Object:
    """An axis-aligned block."""
    x, y, z = (s / 2 for s in size)
    verts = [(a * x, b * y, c * z) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    obj = add_mesh(name, verts, faces, mat, smooth=False)
    obj.location = at
    return obj


def pour_beans(
    count: int,
    place: Callable[[random.Random], Point],
    blockers: Sequence[tuple[Vec3, float, float]],
    ground: float = 0.0,
    ground_radius: float | None = None,
    seed: int = 1,
    extra: Sequence[bpy.types.Object] = (),
) -> list[bpy.types.Object]:
    """Drop beans with rigid-body physics around upright cylinders, then freeze them."""
    scene = bpy.context.scene
    rng = random.Random(seed)
    mat = bean_material()
    kinds = [bean_mesh(i, mat) for i in range(5)]
    coarse = [bean_mesh(i, mat, 7, 8) for i in range(5)]  # what the physics sees
    disc = box("ground", (30, 30, 1), (0, 0, ground - 0.5))
    if ground_radius:
        bpy.data.objects.remove(disc)
        disc = lathe(
            "ground", [(0, ground - 0.5), (ground_radius, ground - 0.5), (ground_radius, ground), (0, ground)], mat, 64
        )
    fixed = [disc]
    for (x, y, z), radius, tall in blockers:
        proxy = lathe("blocker", [(0, 0), (radius, 0), (radius, tall), (0, tall)], mat, 48)
        proxy.location = (x, y, z)
        fixed.append(proxy)
    beans = []
    for i in range(count):
        bean = bpy.data.objects.new(f"bean.{i}", coarse[i % len(coarse)])
        scene.collection.objects.link(bean)
        x, y = place(rng)
        bean.location = (x, y, ground + 0.1 + 0.012 * i * (60 / max(count, 60)))
        bean.rotation_euler = [rng.uniform(0, 6.28) for _ in range(3)]
        s = rng.uniform(0.88, 1.14)
        bean.scale = (s, s, s)
        beans.append(bean)
    bpy.ops.rigidbody.world_add()
    for objs, kind in ((fixed + list(extra), "PASSIVE"), (beans, "ACTIVE")):
        bpy.ops.object.select_all(action="DESELECT")
        for obj in objs:
            obj.select_set(True)
        bpy.context.view_layer.objects.active = objs[0]
        bpy.ops.rigidbody.objects_add(type=kind)
        for obj in objs:
            body = obj.rigid_body
            body.collision_shape = "CONVEX_HULL"
            body.use_margin, body.collision_margin = True, 0.0008
            body.friction, body.restitution = 0.8, 0.05
            body.linear_damping, body.angular_damping = 0.15, 0.5
    scene.rigidbody_world.substeps_per_frame = 10
    scene.rigidbody_world.point_cache.frame_end = 90
    for frame in range(1, 91):
        scene.frame_set(frame)
    final = [bean.matrix_world.copy() for bean in beans]
    bpy.ops.rigidbody.world_remove()
    scene.frame_set(1)
    for i, (bean, matrix) in enumerate(zip(beans, final, strict=True)):
        bean.data = kinds[i % len(kinds)]
        bean.matrix_world = matrix
    for obj in fixed:
        bpy.data.objects.remove(obj)
    return beans


# ---------------------------------------------------------------- light and camera


def aim(obj: bpy.types.Object, target: Vec3) -> None:
    """Turn a light or camera towards a point."""
    obj.rotation_euler = (Vector(target) - obj.location).to_track_quat("-Z", "Y").to_euler()


def softbox(
    at: Vec3,
    target: Vec3,
    size: Point,
    power: float,
    colour: str = "#FFFFFF",
    glossy: bool = True,
    through: bool = True,
) -> bpy.types.Object:
    """A rectangular studio light that the camera does not see directly."""
    data = bpy.data.lights.new("softbox", "AREA")
    data.shape, data.size, data.size_y = "RECTANGLE", size[0], size[1]
    data.energy, data.color = power, linear(colour)[:3]
    obj = bpy.data.objects.new("softbox", data)
    bpy.context.scene.collection.objects.link(obj)
    obj.location = at
    aim(obj, target)
    obj.visible_camera, obj.visible_glossy, obj.visible_transmission = False, glossy, through
    return obj


def glow_card(at: Vec3, size: Point, strength: float, colour: str) -> bpy.types.Object:
    """A bright card behind the bottle that only shows through the glass."""
    m = Mat("card")
    pos = m.node("TexCoord").outputs["Object"]
    near = m.node("Mapping", {0: pos, 3: (1.9 / size[0], 0, 1.9 / size[1])}).outputs[0]
    fall = m.node("TexGradient", {0: near}, gradient_type="SPHERICAL").outputs["Fac"]
    power = m.math("MULTIPLY", m.math("POWER", fall, 1.4), strength)
    emit = m.node("Emission", {0: linear(colour), 1: power}).outputs[0]
    obj = box("card", (size[0], 0.01, size[1]), at, m.done(emit))
    obj.visible_camera = obj.visible_diffuse = obj.visible_shadow = obj.visible_glossy = False
    return obj


def world(colour: str, strength: float) -> None:
    """An even fill light from all around."""
    made = bpy.data.worlds.new("world")
    made.use_nodes = True
    back = made.node_tree.nodes["Background"]
    back.inputs[0].default_value, back.inputs[1].default_value = linear(colour), strength
    bpy.context.scene.world = made


def camera(at: Vec3, target: Vec3, lens: float, focus: Vec3, fstop: float) -> bpy.types.Object:
    """A portrait camera; lens is in mm on a 36 mm tall frame."""
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.sensor_height, data.lens = "VERTICAL", 36, lens
    data.dof.use_dof, data.dof.aperture_fstop = True, fstop
    obj = bpy.data.objects.new("camera", data)
    bpy.context.scene.collection.objects.link(obj)
    obj.location = at
    aim(obj, target)
    depth = (Vector(focus) - obj.location).dot(obj.matrix_basis.to_3x3() @ Vector((0, 0, -1)))
    data.dof.focus_distance = depth
    bpy.context.scene.camera = obj
    return obj


def sweep(mat: bpy.types.Material, back: float, ground: float = 0.0) -> bpy.types.Object:
    """A seamless studio backdrop: floor curving up into a wall."""
    line = [(-14.0, ground), (back - 2.5, ground)]
    line += curve((back - 2.5, ground), (back, ground), (back, ground + 2.5), steps=24)[1:]
    line += [(back, ground + 14)]
    verts = [(x, y, z) for y, z in line for x in (-16.0, 16.0)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(line) - 1)]
    return add_mesh("sweep", verts, faces, mat)


def window_gobo(at: Vec3, towards: Vec3, leaves: int = 46) -> None:
    """Window bars and leaves between the sun and the counter, for patterned light."""
    mat = matte("gobo", (0.02, 0.02, 0.02))
    parts = []
    for x in (-4.6, -1.55, 1.55, 4.6):
        parts.append(box("bar", (0.3 if abs(x) < 4 else 3.2, 0.02, 14), (x, 0, 0), mat))
    for z in (-3.1, 1.6):
        parts.append(box("bar", (14, 0.02, 0.26), (0, 0, z), mat))
    rng = random.Random(5)
    for _ in range(leaves):
        t = rng.random()
        leaf = add_mesh(
            "leaf",
            [
                (0.62 * math.cos(a) * (1 - 0.25 * math.sin(a)), 0, 0.2 * math.sin(a))
                for a in np.linspace(0, 2 * math.pi, 24, endpoint=False)
            ],
            [tuple(range(24))],
            mat,
        )
        leaf.location = (-3.2 + 3.4 * t + rng.uniform(-0.5, 0.5), 0.05, 3.6 - 3.2 * t + rng.uniform(-1, 1.4))
        leaf.rotation_euler = (0, rng.uniform(-1.2, 1.4), 0)
        leaf.scale = (rng.uniform(0.6, 1.1),) * 3
        parts.append(leaf)
    root = group("gobo", parts)
    root.location = at
    root.rotation_euler = (Vector(towards) - Vector(at)).to_track_quat("Y", "Z").to_euler()
    for part in parts:
        part.visible_camera = part.visible_glossy = part.visible_transmission = False


def sun(towards: Vec3, power: float, colour: str, softness: float) -> None:
    """A distant light; softness is its angular size in degrees."""
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.color, data.angle = power, linear(colour)[:3], math.radians(softness)
    obj = bpy.data.objects.new("sun", data)
    bpy.context.scene.collection.objects.link(obj)
    obj.rotation_euler = Vector(towards).to_track_quat("-Z", "Y").to_euler()


def pedestal(radius: float, tall: float, mat: bpy.types.Material) -> bpy.types.Object:
    """A low round plinth with a softened edge."""
    edge = 0.03
    profile = [
        (0.0, 0.0),
        (radius, 0.0),
        (radius, tall - edge),
        *curve((radius, tall - edge), (radius, tall), (radius - edge, tall), steps=6)[1:],
        (radius - edge * 2, tall),
        (0.0, tall),
    ]
    obj = lathe("pedestal", profile, mat, 256)
    weld(obj)
    return obj


# ---------------------------------------------------------------- shots


@dataclass(frozen=True)
class Options:
    """What every shot needs to know."""

    fonts: Path
    wet: float = 1.0  # share of the condensation to make


def ring_place(inner: float, outer: float, lo: float, hi: float) -> Callable[[random.Random], Point]:
    """Random points on part of a ring; angles in degrees, 0 facing the camera."""

    def pick(rng: random.Random) -> Point:
        r, a = rng.uniform(inner, outer), math.radians(rng.uniform(lo, hi))
        return (r * math.sin(a), -r * math.cos(a))

    return pick


def studio(opt: Options, wet: int) -> None:
    """Bottle on a plinth, caramel backdrop, two rim lights and a soft key."""
    tall = 0.34
    sweep(matte("backdrop", (0.45, 0.20, 0.066), 0.85, 0.02, 2), 5.5)
    pedestal(1.15, tall, matte("plinth", (0.66, 0.42, 0.23), 0.7, 0.12, 14))
    made = bottle(opt.fonts, int(wet * opt.wet), glow=1.25)
    made.location.z = tall
    pour_beans(26, ring_place(0.62, 0.95, 15, 88), [((0, 0, tall), 0.42, 1.5)], tall, 1.15)
    glow_card((0.0, 1.3, tall + 0.85), (2.2, 2.6), 3.2, "#FFE4BE")
    mid = (0.0, 0.0, tall + 0.95)
    softbox((-2.6, 1.2, 1.9), mid, (0.7, 3.6), 260, "#FFE2BD")
    softbox((2.7, 1.5, 1.9), mid, (0.55, 3.6), 330, "#FFD9AC")
    softbox((-3.2, -4.2, 4.2), mid, (2.0, 3.0), 270, "#FFF4E8")
    softbox((3.4, -3.0, 2.2), mid, (1.0, 3.4), 60, "#FFE6CC")
    softbox((0.0, 3.2, 6.0), (0, 5.5, 2.6), (2.6, 1.0), 240, "#FFC078", glossy=False)
    world("#FFCF9E", 0.16)


def hero_bottle(opt: Options) -> None:
    """The studio set, from the front."""
    studio(opt, 1100)
    camera((0.0, -10.2, 1.75), (0, 0, 1.36), 85, (0, -0.4, 1.0), 0.55)


def orbit(opt: Options) -> None:
    """The studio set, with a moving camera."""
    studio(opt, 500)
    camera((0.0, -10.2, 1.75), (0, 0, 1.36), 85, (0, -0.4, 1.0), 0.7)


def place_orbit(t: float) -> None:
    """Move the camera along its arc; t runs from 0 to 1."""
    ease = t * t * (3 - 2 * t)
    angle = math.radians(-30 + 33 * ease)
    reach, height = 11.0 - 1.7 * ease, 2.25 - 0.55 * ease
    cam = bpy.context.scene.camera
    cam.location = (reach * math.sin(angle), -reach * math.cos(angle), height)
    aim(cam, (0, 0, 1.32))
    cam.data.dof.focus_distance = reach - 0.35


def iced_glass_shot(opt: Options) -> None:
    """The glass from above its rim, in dappled sun."""
    oak = wood("oak", (0.42, 0.235, 0.11), (0.12, 0.052, 0.02))
    box("counter", (30, 30, 1), (0, 0, -0.5), oak)
    iced_glass(int(650 * opt.wet)).rotation_euler = (0, 0, 0.6)
    pour_beans(40, ring_place(0.5, 0.95, 25, 105), [((0, 0, 0), 0.4, 1.5)], seed=4)
    towards = (0.62, -0.42, -0.62)
    sun(towards, 9.0, "#FFDDB0", 1.2)
    start = Vector((0.0, 0.6, 0.3)) - Vector(towards) * 9
    window_gobo(tuple(start), (0.0, 0.6, 0.3), 26)
    softbox((-2.6, 3.6, 3.2), (0, 0, 0.9), (2.6, 3.0), 260, "#FFEFD8")
    softbox((3.2, 1.6, 2.2), (0, 0, 0.8), (0.8, 3.0), 80, "#FFD9AE")
    softbox((1.8, -4.5, 4.0), (0, 0, 0.8), (2.6, 2.0), 70, "#FFF4E6")
    world("#FFE6CA", 0.3)
    camera((0.0, -6.4, 4.5), (0.0, 0.25, 0.70), 85, (0.0, -0.2, 1.2), 0.42)


def beans_close(opt: Options) -> None:
    """The cap in a heap of beans, close up."""
    oak = wood("walnut", (0.20, 0.10, 0.045), (0.05, 0.022, 0.009))
    box("counter", (30, 30, 1), (0, 0, -0.5), oak)
    far = bottle(opt.fonts, int(350 * opt.wet), glow=1.6)
    far.location, far.rotation_euler = (-0.66, 1.9, 0), (0, 0, -1.75)
    cap = group("loose_cap", cap_parts(opt.fonts))
    cap.location = (0.12, -0.02, 0.13)
    cap.rotation_euler = Euler((math.radians(58), math.radians(8), math.radians(14)))
    bpy.context.view_layer.update()
    hull = cap.children[0]
    hull_copy = hull.copy()
    hull_copy.parent = None
    hull_copy.matrix_world = hull.matrix_world.copy()
    bpy.context.scene.collection.objects.link(hull_copy)

    def heap(rng: random.Random) -> Point:
        return (rng.gauss(0.0, 0.62), rng.gauss(0.2, 0.24))

    pour_beans(470, heap, [((-0.66, 1.9, 0), 0.41, 1.5)], seed=2, extra=[hull_copy])
    bpy.data.objects.remove(hull_copy)
    softbox((-2.6, 1.8, 2.4), (0, 0.2, 0.1), (1.6, 1.6), 230, "#FFE6C6")
    softbox((2.6, 0.8, 1.6), (0, 0.2, 0.2), (0.7, 1.8), 120, "#FFD29C")
    softbox((0.6, -3.2, 2.6), (0, 0.1, 0.1), (1.6, 1.2), 110, "#FFF0DE")
    sweep(matte("back", (0.24, 0.11, 0.042), 0.9, 0.02, 2), 6.0, -0.02)
    softbox((0.5, 3.6, 4.0), (0.3, 6, 1.6), (2.4, 1.2), 260, "#FFB765", glossy=False)
    glow_card((-0.62, 2.9, 0.9), (1.8, 2.4), 3.4, "#FFE4BE")
    world("#FFCF9E", 0.10)
    camera((0.25, -4.1, 1.3), (0.06, 0.1, 0.30), 85, (0.12, -0.14, 0.2), 0.34)


def morning_counter(opt: Options) -> None:
    """Bottle and glass by a tiled wall, in window light."""
    oak = wood("oak", (0.60, 0.38, 0.20), (0.27, 0.135, 0.055))
    box("counter", (40, 12, 1), (0, -2.7, -0.5), oak)
    box("wall", (40, 0.5, 30), (0, 3.6, 8), tiles("tiles"))
    made = bottle(opt.fonts, int(700 * opt.wet), glow=1.15)
    made.location, made.rotation_euler = (-0.46, 0.25, 0), (0, 0, -0.08)
    drink = iced_glass(int(450 * opt.wet))
    drink.location, drink.rotation_euler = (0.52, -0.25, 0), (0, 0, 2.1)
    pour_beans(
        18, ring_place(0.75, 1.25, -50, 10), [((-0.46, 0.25, 0), 0.41, 1.5), ((0.52, -0.25, 0), 0.4, 1.5)], seed=8
    )
    towards = (0.80, 0.42, -0.40)
    sun(towards, 11.5, "#FFDAAE", 1.3)
    start = Vector((0.3, 1.6, 1.3)) - Vector(towards) * 9
    window_gobo(tuple(start), (0.3, 1.6, 1.3))
    softbox((-5.0, -1.0, 3.6), (0, 0, 0.8), (3.4, 3.4), 130, "#FFF0DC")
    softbox((3.6, -2.6, 2.4), (0, 0, 0.8), (1.2, 3.2), 60, "#FFE6CC")
    glow_card((-0.46, 1.3, 0.9), (1.8, 2.4), 2.0, "#FFE9CC")
    world("#FFE7CC", 0.26)
    camera((0.2, -11.0, 2.15), (0.03, 0, 1.32), 85, (0.0, -0.2, 0.9), 0.42)


def dark_hero(opt: Options) -> None:
    """The bottle on slate, lit from behind."""
    box("slab", (40, 40, 1), (0, 0, -0.5), stone("slate", (0.021, 0.0115, 0.0075), 0.26))
    box("back", (40, 0.5, 30), (0, 6.5, 8), matte("dark", (0.045, 0.019, 0.009), 0.9, 0.02, 2))
    made = bottle(opt.fonts, int(1500 * opt.wet), glow=1.3)
    made.rotation_euler = (0, 0, -0.12)
    pour_beans(34, ring_place(0.6, 1.2, -100, -25), [((0, 0, 0), 0.42, 1.5)], seed=6)
    glow_card((0.05, 1.4, 0.85), (1.9, 2.6), 4.2, "#FFDCA8")
    mid = (0.0, 0.0, 0.95)
    softbox((-2.2, 1.7, 1.5), mid, (0.4, 3.2), 130, "#FFC987")
    softbox((2.3, 1.5, 1.7), mid, (0.5, 3.4), 200, "#FFCDA0")
    softbox((-2.4, -3.6, 3.8), mid, (1.4, 1.8), 170, "#FFEFDC")
    softbox((0.0, 4.6, 3.4), (0, 6.5, 1.5), (1.4, 1.4), 130, "#FF9F45", glossy=False)
    softbox((0, 1.4, 4.4), (0, 0, 1.2), (1.4, 0.8), 60, "#FFE0B8")
    world("#C98A4E", 0.015)
    camera((-0.6, -10.6, 1.15), (0.0, 0, 1.22), 85, (0, -0.4, 0.9), 0.5)


SHOTS: dict[str, Callable[[Options], None]] = {
    "hero_bottle": hero_bottle,
    "iced_glass": iced_glass_shot,
    "beans_close": beans_close,
    "morning_counter": morning_counter,
    "dark_hero": dark_hero,
    "orbit": orbit,
}


# ---------------------------------------------------------------- render


def setup(width: int, height: int, samples: int, threads: int) -> None:
    """Set the render engine, size and quality."""
    scene = bpy.context.scene
    r, c = scene.render, scene.cycles
    r.engine, c.device = "CYCLES", "CPU"
    r.resolution_x, r.resolution_y, r.resolution_percentage = width, height, 100
    r.threads_mode, r.threads = "FIXED", threads
    r.use_persistent_data = True
    r.image_settings.file_format = "PNG"
    c.samples, c.use_adaptive_sampling, c.adaptive_threshold = samples, True, 0.025
    c.adaptive_min_samples = max(8, samples // 4)
    c.use_denoising, c.denoiser = True, "OPENIMAGEDENOISE"
    c.max_bounces, c.transmission_bounces, c.glossy_bounces, c.diffuse_bounces = 14, 14, 5, 3
    c.transparent_max_bounces, c.volume_bounces = 16, 0
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect, c.blur_glossy = 5.0, 0.3
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"


def grade(path: Path, grain: float = 0.008) -> Image.Image:
    """Photo finish: faint bloom, a little contrast, light vignette, sharpening and grain."""
    img = Image.open(path).convert("RGB")
    a = np.asarray(img, dtype=np.float32) / 255
    bright = Image.fromarray((np.clip(a - 0.72, 0, 1) / 0.28 * 255).astype(np.uint8))
    glow = np.asarray(bright.filter(ImageFilter.GaussianBlur(img.width / 40)), np.float32) / 255
    a = 1 - (1 - a) * (1 - 0.14 * glow)
    a = np.clip(a * 1.05, 0, 1)
    a = a * 0.76 + (a * a * (3 - 2 * a)) * 0.24
    grey = a.mean(axis=2, keepdims=True)
    a = np.clip(grey + (a - grey) * 0.94, 0, 1)
    h, w = a.shape[:2]
    yy, xx = np.mgrid[0:h, 0:w]
    d = np.hypot((xx / w - 0.5) * 1.1, (yy / h - 0.5) * 1.25)
    a *= (1 - 0.30 * np.clip(d - 0.25, 0, 1) ** 1.5)[..., None]
    done = Image.fromarray((np.clip(a, 0, 1) * 255 + 0.5).astype(np.uint8))
    done = done.filter(ImageFilter.UnsharpMask(w / 720, 55, 2))
    if not grain:
        return done
    speck = np.random.default_rng(1).normal(0, grain, (h, w, 1)).astype(np.float32)
    a = np.asarray(done, np.float32) / 255 + speck
    return Image.fromarray((np.clip(a, 0, 1) * 255 + 0.5).astype(np.uint8))


def save_jpeg(img: Image.Image, path: Path, limit: int = 450_000) -> None:
    """Save at the best quality that stays within the limit."""
    for quality in (88, 85, 82, 78, 74):
        img.save(path, quality=quality, optimize=True, progressive=True, subsampling=0)
        if path.stat().st_size <= limit:
            return


def main() -> None:
    """Read the command line, build the shot and render it."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("shot", choices=sorted(SHOTS))
    p.add_argument("--out", type=Path, default=Path())
    p.add_argument("--fonts", type=Path, default=FONTS)
    p.add_argument("--size", default="1080x1920")
    p.add_argument("--samples", type=int, default=64)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--frames", type=int, default=31, help="orbit only")
    p.add_argument("--first", type=int, default=0, help="orbit only: first frame to render")
    p.add_argument("--step", type=int, default=1, help="orbit only: render every nth frame")
    args = p.parse_args()
    width, height = (int(v) for v in args.size.split("x"))
    args.out.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    SHOTS[args.shot](Options(args.fonts))
    setup(width, height, args.samples, args.threads)
    if args.shot == "orbit":
        cycles = bpy.context.scene.cycles
        cycles.max_bounces = cycles.transmission_bounces = 10
        cycles.denoising_quality = "BALANCED"
        for i in range(args.first, args.frames, args.step):
            place_orbit(i / max(args.frames - 1, 1))
            raw = WORK / "frame.png"
            bpy.context.scene.render.filepath = str(raw)
            bpy.ops.render.render(write_still=True)
            grade(raw, grain=0).save(args.out / f"orbit_{i:03d}.png")
        return
    raw = WORK / "raw.png"
    bpy.context.scene.render.filepath = str(raw)
    bpy.ops.render.render(write_still=True)
    save_jpeg(grade(raw), args.out / f"{args.shot}.jpg")


if __name__ == "__main__":
    main()

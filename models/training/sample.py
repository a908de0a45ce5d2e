"""One training example: what the network is shown, and what it ought to say, cell by cell.

Targets, one plane a class (smoke, flame): 1 there is some, 0 there is none, -1 do not ask.
"""
import cv2
import numpy as np

from . import plume
from .places import PARTIAL_SMOKE, TOWERS
from .weather import Past

CELL = 8
SMOKE, FLAME = 0, 1
MEMORY_S = 900.0                 # of the running mean that the manifest asks for
SIZE = 352


def cells(plane, how):
    """Reduces a plane of pixels to cells."""
    rows, columns = plane.shape[0] // CELL, plane.shape[1] // CELL
    return how(how(plane.reshape(rows, CELL, columns, CELL), 3), 1)


def tensor(frames):
    """The seven channels, [7, H, W]."""
    now, before, background = frames
    grey = before @ np.float32([0.299, 0.587, 0.114])
    return np.concatenate([now.transpose(2, 0, 1), grey[None], background.transpose(2, 0, 1)]).astype(np.float32)


def window(rng, height, width, around=None):
    """Top left of a SIZE window; around a box (x0, y0, x1, y1 in pixels) where one is given."""
    if around is None:
        return int(rng.integers(0, max(height - SIZE, 0) + 1)), int(rng.integers(0, max(width - SIZE, 0) + 1))
    cx, cy = (around[0] + around[2]) / 2, (around[1] + around[3]) / 2
    top = int(np.clip(cy - SIZE * rng.uniform(0.2, 0.8), 0, max(height - SIZE, 0)))
    left = int(np.clip(cx - SIZE * rng.uniform(0.2, 0.8), 0, max(width - SIZE, 0)))
    return top, left


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def cut(picture, top, left):
    part = picture[top:top + SIZE, left:left + SIZE]
    down, right = SIZE - part.shape[0], SIZE - part.shape[1]
    if down or right:
        part = cv2.copyMakeBorder(part, 0, down, 0, right, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(part)


def resized(picture, scale):
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)


def boxes_px(still, height, width):
    return [(c, x0 * width, y0 * height, x1 * width, y1 * height) for c, x0, y0, x1, y1 in still.boxes]


def box_targets(target, boxes, top, left):
    """The middle of a box is the thing, its rim is not asked."""
    for kind, x0, y0, x1, y1 in boxes:
        rect = [(x0 - left) / CELL, (y0 - top) / CELL, (x1 - left) / CELL, (y1 - top) / CELL]
        fill(target[kind], rect, -1, 1.0, keep=1)
    for kind, x0, y0, x1, y1 in boxes:
        rect = [(x0 - left) / CELL, (y0 - top) / CELL, (x1 - left) / CELL, (y1 - top) / CELL]
        fill(target[kind], rect, 1, 0.5)


def fill(plane, rect, value, share, keep=None):
    cx, cy = (rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2
    hw, hh = (rect[2] - rect[0]) / 2 * share, (rect[3] - rect[1]) / 2 * share
    grow = 0.5 if share >= 1 else 0.0
    r0, r1 = int(np.floor(cy - hh - grow)), int(np.ceil(cy + hh + grow))
    c0, c1 = int(np.floor(cx - hw - grow)), int(np.ceil(cx + hw + grow))
    if share < 1:
        r0, r1 = int(round(cy - hh)), max(int(round(cy + hh)), int(round(cy - hh)) + 1)
        c0, c1 = int(round(cx - hw)), max(int(round(cx + hw)), int(round(cx - hw)) + 1)
    part = plane[max(r0, 0):max(r1, 0), max(c0, 0):max(c1, 0)]
    if keep is None:
        part[...] = value
    else:
        part[part != keep] = value


def smoke_cells(before_paint, after_paint, opacity):
    """Where a plume can be seen: enough of it, and enough unlike what is behind it."""
    share = cells(opacity, np.mean)
    seen = cells(np.abs(after_paint - before_paint).mean(2), np.mean)
    target = np.zeros(share.shape, np.int8)
    target[(share > 0.02) | (seen > 0.004)] = -1
    target[(share > 0.06) & (seen > 0.014)] = 1
    return target


def merge(target, other):
    """Smoke wins over doubt, doubt over nothing."""
    target[(other == -1) & (target == 0)] = -1
    target[other == 1] = 1


def standing(past, rng):
    """A row and column for a foot: on the ground, more often near the skyline."""
    ground = past.sky < 0.5
    if not ground.any():
        return int(rng.uniform(0.5, 1) * SIZE), int(rng.uniform(0, SIZE))
    for _ in range(8):
        column = int(rng.integers(0, SIZE))
        rows = np.flatnonzero(ground[:, column])
        if not len(rows):
            continue
        if rng.random() < 0.6:
            return int(rows[0] + min(rng.gamma(1.2, 12), len(rows) - 1)), column
        return int(rng.choice(rows)), column
    return int(SIZE * 0.7), int(SIZE * 0.5)


def add_plume(past, rng, target):
    """Lights a fire in the view; its past is in the past frames."""
    age = log_uniform(rng, 8, 1500)
    height = log_uniform(rng, 6, 170)
    fire = plume.Plume(rng, height, age)
    ago = log_uniform(rng, 20, 240)
    row, column = standing(past, rng)
    hidden = rng.uniform(0, 0.35) * height if rng.random() < 0.3 else 0
    ridge = np.ones(past.sky.shape, np.float32)
    if hidden:
        ridge = (np.arange(SIZE)[:, None] < row - hidden * 0.2).astype(np.float32) * ridge
        row = min(int(row + hidden), SIZE - 1)
    around = past.frames[0][max(row - 40, 0):row + 10, max(column - 40, 0):column + 40].mean((0, 1))
    rgb = plume.colour(rng, around)
    soft = rng.uniform(0, 0.8)
    clean = past.frames[0].copy()
    seen = None
    for index, opacity in enumerate((fire.opacity(age), fire.opacity(age - ago), fire.mean_opacity(MEMORY_S))):
        full = np.zeros((SIZE, SIZE, 1), np.float32)
        mask = plume.paint(full, plume.blurred(opacity, soft), np.float32([1.0]), fire.foot, (row, column)) * ridge
        past.lay(mask, rgb, index)
        if index == 0:
            seen = mask
    merge(target[SMOKE], smoke_cells(clean, past.frames[0], seen))


def chimney(past, rng, target):
    """Smoke that was always there is no news: the running mean holds as much of it. Not asked."""
    height = log_uniform(rng, 8, 60)
    stack = plume.Plume(rng, height, 1.0)
    stack.power = 0.0
    row, column = standing(past, rng)
    rgb = plume.colour(rng, np.float32([0.8, 0.8, 0.8]))
    clean = past.frames[0].copy()
    for index in range(3):
        moments = [stack.opacity(float(rng.uniform(1, 1000))) for _ in range(4 if index == 2 else 1)]
        full = np.zeros((SIZE, SIZE, 1), np.float32)
        mask = plume.paint(full, sum(moments) / len(moments), np.float32([1.0]), stack.foot, (row, column))
        past.lay(mask, rgb, index)
        if index == 0:
            there = smoke_cells(clean, past.frames[0], mask)
    target[SMOKE][(there != 0) & (target[SMOKE] == 0)] = -1 if rng.random() < 0.5 else 0


def finish(past, rng, target, history):
    past.light()
    past.camera()
    if not history:
        past.frames[1] = past.frames[0].copy()
        past.frames[2] = past.frames[0].copy()
    frames = past.frames
    if rng.random() < 0.5:
        frames = [np.ascontiguousarray(f[:, ::-1]) for f in frames]
        target = np.ascontiguousarray(target[:, :, ::-1])
    if rng.random() < 0.08:
        frames = [np.repeat(f.mean(2, keepdims=True), 3, 2) for f in frames]
    return tensor(frames), target


def from_still(still, rng, fires=True):
    """A still with its labels. Some get a past; those that show smoke already have none, or one in
    which the smoke's box is filled in from around it."""
    picture = still.load()
    if still.source in TOWERS:
        scale = log_uniform(rng, 0.75, 2.2)
    else:
        scale = rng.uniform(0.6, 1.3)
    scale = max(scale, SIZE / min(picture.shape[:2]) * 0.85)
    picture = resized(picture, scale)
    height, width = picture.shape[:2]
    boxes = boxes_px(still, height, width)
    focus = boxes[rng.integers(len(boxes))][1:] if boxes and rng.random() < 0.75 else None
    top, left = window(rng, height, width, focus)
    part = cut(picture, top, left)
    target = np.zeros((2, SIZE // CELL, SIZE // CELL), np.int8)
    if still.source in PARTIAL_SMOKE and still.kind in ("smoke", "both"):
        target[SMOKE] = -1
    if still.wrong_labels():
        target[:] = -1
    if still.kind in ("smoke", "both"):
        target[FLAME] = -1 if still.kind == "both" else 0
    box_targets(target, boxes, top, left)
    past = Past(rng, part)
    labelled = still.kind != "negative"
    history = rng.random() < (0.35 if labelled else 0.8)
    if labelled and history:
        fill_in(past, rng, boxes, top, left)
    if history:
        past.air(0.6 if labelled else 1.0)
        if not labelled and rng.random() < 0.15:
            chimney(past, rng, target)
        if fires and (still.source in TOWERS or not labelled) and rng.random() < 0.6:
            for _ in range(1 + (rng.random() < 0.3)):
                add_plume(past, rng, target)
    else:
        if fires and not labelled and rng.random() < 0.3:
            add_plume(past, rng, target)
    sample, target = finish(past, rng, target, history)
    return sample, target, bool(still.wrong_labels())


def fill_in(past, rng, boxes, top, left):
    """Takes the labelled smoke out of the past by inpainting its box, and some boxes without smoke
    besides, so that a filled box is no sign of smoke by itself."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    rects = [tuple(int(v) for v in (x0 - left, y0 - top, x1 - left, y1 - top)) for _, x0, y0, x1, y1 in boxes]
    for _ in range(rng.integers(1, 4)):
        w, h = rng.gamma(1.5, 20) + 8, rng.gamma(1.5, 20) + 8
        x, y = rng.uniform(0, SIZE, 2)
        rects.append((int(x), int(y), int(x + w), int(y + h)))
    for x0, y0, x1, y1 in rects:
        cv2.rectangle(mask, (x0 - 2, y0 - 2), (x1 + 2, y1 + 2), 255, -1)
    small = cv2.resize(past.frames[2], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    if hole.all():
        return
    filled = cv2.inpaint((small * 255).astype(np.uint8), hole, 3, cv2.INPAINT_TELEA)
    filled = cv2.resize(filled, (SIZE, SIZE)).astype(np.float32) / 255
    grain = rng.normal(0, 0.01, filled.shape).astype(np.float32)
    where = mask > 0
    past.frames[2][where] = (filled + grain)[where]
    if rng.random() < 0.6:
        past.frames[1][where] = (filled + grain)[where]


def from_series(group, rng, fires=True):
    """Real smoke, real clouds and real light of one camera over time."""
    index = int(rng.integers(len(group.pictures)))
    other = int(rng.integers(len(group.pictures)))
    third = int(rng.integers(len(group.pictures)))
    scale = log_uniform(rng, 0.8, 2.2)
    r0, c0, r1, c1 = group.box_px(index)
    share = rng.uniform(0.7, 1.0)
    empty = group.empty * share + group.pictures[third] * (1 - share) if rng.random() < 0.5 else group.empty
    before = group.pictures[other] if rng.random() < 0.6 else group.empty
    planes = [resized(p, scale) for p in (group.pictures[index], before, empty)]
    height, width = planes[0].shape[:2]
    box = tuple(v * scale for v in (c0, r0, c1, r1))
    top, left = window(rng, height, width, box if rng.random() < 0.65 else None)
    past = Past(rng, cut(planes[0], top, left))
    past.frames = [cut(p, top, left) for p in planes]
    target = np.zeros((2, SIZE // CELL, SIZE // CELL), np.int8)
    rect = [(box[0] - left) / CELL, (box[1] - top) / CELL, (box[2] - left) / CELL, (box[3] - top) / CELL]
    fill(target[SMOKE], rect, -1, 1.1)
    change = np.abs(past.frames[0] - cut(resized(group.empty, scale), top, left)).mean(2)
    change = cells(cv2.GaussianBlur(change, (0, 0), 2), np.mean)
    inside = target[SMOKE] == -1
    target[SMOKE][inside & (change > 0.03)] = 1
    if not (target[SMOKE] == 1).any() and inside.any():
        strongest = np.where(inside, change, -1)
        target[SMOKE][strongest >= np.sort(strongest[inside])[-max(inside.sum() // 5, 1)]] = 1
    for x0, y0, x1, y1 in unknown_rects(group, scale, top, left, inside):
        target[SMOKE][y0:y1, x0:x1] = -1
    if fires and rng.random() < 0.35:
        add_plume(past, rng, target)
    if rng.random() < 0.3:
        past.air(0.5)
    sample, target = finish(past, rng, target, True)
    return sample, target, False


def unknown_rects(group, scale, top, left, inside):
    """Cells whose background is guessed, outside the smoke's own box."""
    hole = cut(resized((~group.known).astype(np.float32), scale), top, left)
    where = (cells(hole, np.max) > 0.5) & ~inside
    for row, column in zip(*np.nonzero(where)):
        yield column, row, column + 1, row + 1

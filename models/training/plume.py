"""A plume of smoke in the picture plane, at any age of one and the same fire.

Not a fluid: a bent cone with a fixed foot whose height grows with time, filled with noise that is
carried upwards. What matters to a detector is there: the foot stays, the top grows and leans with
the wind, edges are soft, texture moves, thin smoke lets the ground through.
"""
import cv2
import numpy as np

from .noise import fractal


class Plume:
    """One fire. `opacity(age)` gives the share of light that its smoke takes, in a picture of its own."""

    def __init__(self, rng, full_height_px, age_s):
        self.age_s = age_s
        self.height_px = full_height_px
        self.power = rng.uniform(0.4, 1.0)              # height ~ age^power
        self.lean = rng.normal(0, 0.9)                  # across per up, at the top
        if rng.random() < 0.2:
            self.lean *= 3                              # smoke that creeps along the slope
        self.bend = rng.uniform(0.8, 2.2)
        self.foot_px = full_height_px * rng.uniform(0.02, 0.15) + rng.uniform(0.7, 2.5)
        self.spread = rng.uniform(0.12, 0.5)
        self.density = rng.uniform(0.25, 3.5)
        self.thinning = rng.uniform(0.3, 2.5)
        self.rise_px_s = full_height_px * rng.uniform(0.004, 0.03)
        self.puffs = rng.uniform(0, 0.9)
        reach = full_height_px * (1 + abs(self.lean) * 0.2 + self.spread)
        self.up = int(min(reach, 420)) + 8
        self.side = int(min(full_height_px * (abs(self.lean) + self.spread * 1.5) + self.foot_px * 2, 420)) + 8
        shape = (self.up + 6, 2 * self.side + 1)
        cell = max(full_height_px * rng.uniform(0.12, 0.4), 3)
        self.noise = fractal(rng, 2 * shape[0], shape[1], cell)
        self.warp = fractal(rng, shape[0], shape[1], cell * 1.5, 3) - 0.5
        self.warp_px = cell * rng.uniform(0.5, 1.5)
        self.grid = np.mgrid[0:shape[0], 0:shape[1]].astype(np.float32)

    @property
    def foot(self):
        """Row and column of the foot within the picture that opacity() gives."""
        return self.up, self.side

    def opacity(self, age_s):
        """0..1 at that age; nothing before the fire began."""
        rows, columns = self.grid
        if age_s <= 0:
            return np.zeros(rows.shape, np.float32)
        height = max(self.height_px * (age_s / self.age_s) ** self.power, 2.0)
        h = self.up - rows                                       # above the foot
        q = np.clip(h / height, 0, 2)
        centre = self.side + self.lean * height * np.clip(q, 0, 1.5) ** self.bend
        half = self.foot_px * (0.6 + 0.4 * min(age_s / self.age_s, 1)) + self.spread * np.maximum(h, 0)
        off = (columns - centre + self.warp * self.warp_px * np.clip(q * 2, 0.2, 1)) / half
        body = np.exp(-0.9 * off * off) * (h > -1)
        top = 1 / (1 + np.exp((q - 0.85 + self.warp * 0.5) * 9))
        drift = int(age_s * self.rise_px_s) % self.noise.shape[0]
        lump = np.roll(self.noise, -drift, 0)[:rows.shape[0]]
        lump = 1 - self.puffs + self.puffs * np.clip((lump - 0.3) * 2.5, 0, 1.6)
        depth = self.density * body * top * lump / (1 + self.thinning * np.clip(q, 0, 2))
        return (1 - np.exp(-depth)).astype(np.float32)

    def mean_opacity(self, memory_s):
        """What a running mean of that memory holds of the plume now."""
        parts = [self.opacity(self.age_s * share) for share in (0.2, 0.5, 0.8)]
        return sum(parts) / 3 * (1 - np.exp(-self.age_s / memory_s))


def colour(rng, surroundings):
    """Smoke's own light: white, grey, bluish or brown, and some of the air's colour with distance."""
    grey = rng.uniform(0.3, 0.97)
    tint = rng.normal(0, 0.015, 3).astype(np.float32)
    cast = rng.random()
    if cast < 0.25:
        tint += np.float32([-0.02, 0.0, 0.04])
    elif cast < 0.4:
        tint += np.float32([0.05, 0.01, -0.05])
    haze = rng.uniform(0, 0.5)
    return np.clip((grey + tint) * (1 - haze) + surroundings * haze, 0, 1).astype(np.float32)


def paint(picture, opacity, rgb, foot, at, shade=None):
    """Lays the plume with its foot at row, column `at` over a picture, in place; returns the opacity
    in the picture's frame."""
    full = np.zeros(picture.shape[:2], np.float32)
    top, left = at[0] - foot[0], at[1] - foot[1]
    r0, c0 = max(top, 0), max(left, 0)
    r1, c1 = min(top + opacity.shape[0], full.shape[0]), min(left + opacity.shape[1], full.shape[1])
    if r0 < r1 and c0 < c1:
        full[r0:r1, c0:c1] = opacity[r0 - top:r1 - top, c0 - left:c1 - left]
    light = rgb if shade is None else rgb * shade[..., None]
    picture += full[..., None] * (light - picture)
    return full


def blurred(opacity, sigma):
    return cv2.GaussianBlur(opacity, (0, 0), sigma) if sigma > 0.2 else opacity

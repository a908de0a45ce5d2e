"""Fractal noise: the stuff of smoke, cloud and fog (value noise of several octaves)."""
import cv2
import numpy as np


def fractal(rng, height, width, cell_px, octaves=4, gain=0.55):
    """Noise in 0..1 whose largest lumps are about cell_px wide."""
    total = np.zeros((height, width), np.float32)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        cell = max(cell_px / 2 ** octave, 1.0)
        rows, columns = int(np.ceil(height / cell)) + 3, int(np.ceil(width / cell)) + 3
        grid = rng.random((rows, columns), np.float32)
        big = cv2.resize(grid, (int(columns * cell) + 1, int(rows * cell) + 1), interpolation=cv2.INTER_CUBIC)
        oy, ox = rng.integers(0, max(int(cell), 1), 2)
        total += weight * big[oy:oy + height, ox:ox + width]
        norm += weight
        weight *= gain
        if cell <= 1.0:
            break
    return np.clip(total / norm, 0, 1)


def lumps(noise, cover, softness):
    """The part of the noise above a level that leaves `cover` of the area, with soft edges."""
    level = np.quantile(noise, 1 - cover)
    return np.clip((noise - level) / max(softness, 1e-3) + 0.5, 0, 1)


def shifted(field, dx, dy):
    """The same field drifted by (dx, dy) pixels; what comes in at the edge is mirrored."""
    matrix = np.float32([[1, 0, dx], [0, 1, dy]])
    return cv2.warpAffine(field, matrix, field.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

"""What the detector plugin shows the network, in Python: scaling, padding and the memory of a view,
as plugins/onnx/MANIFEST.md describes them. The engine's own code is what counts; this is for training
and figures on pictures."""
import cv2
import numpy as np

MULTIPLE = 32
GREY = np.float32([0.299, 0.587, 0.114])


def fitted(picture, max_width, max_height, enlarge=1.0):
    """RGB, scaled to fit, up at most so many times, then edge-padded right and below. Returns it and the scale."""
    height, width = picture.shape[:2]
    scale = min(max_width / width, max_height / height, max(enlarge, 1.0))
    if scale != 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = cv2.resize(picture, size, interpolation=how)
    down, right = -picture.shape[0] % MULTIPLE, -picture.shape[1] % MULTIPLE
    return cv2.copyMakeBorder(picture, 0, down, 0, right, cv2.BORDER_REPLICATE), scale


def square(picture, box, cell, margin, least_px, most_px, side_px):
    """What the second look is shown of a find: the square about its box (x0, y0, x1, y1, in cells), edge pixels
    repeated where it leaves the picture, as the plugin cuts it."""
    side = int(np.clip(max(box[2] - box[0], box[3] - box[1]) * cell * margin, least_px, most_px))
    x = int(round((box[0] + box[2]) / 2 * cell - side / 2))
    y = int(round((box[1] + box[3]) / 2 * cell - side / 2))
    wide = cv2.copyMakeBorder(picture, side, side, side, side, cv2.BORDER_REPLICATE)
    part = wide[y + side:y + 2 * side, x + side:x + 2 * side]
    return cv2.resize(part, (side_px, side_px), interpolation=cv2.INTER_LINEAR)


class Memory:
    """before:N and background:M of one view."""

    def __init__(self, before_s=90.0, background_s=900.0):
        self.before_s, self.background_s = before_s, background_s
        self.kept, self.mean, self.last_s = [], None, None

    def show(self, picture, now_s):
        """The seven planes for this picture, [7, H, W]; then remembers it."""
        if self.mean is None:
            before = background = picture
        else:
            before = self._before(now_s, picture)
            background = self.mean
        planes = np.concatenate([picture.transpose(2, 0, 1), (before @ GREY)[None],
                                 background.transpose(2, 0, 1)]).astype(np.float32)
        self._remember(picture, now_s)
        return planes

    def _before(self, now_s, picture):
        usable = [(t, p) for t, p in self.kept if now_s - t <= 10 * self.before_s]
        if not usable:
            return picture
        old = [(t, p) for t, p in usable if now_s - t >= 0.75 * self.before_s]
        return old[-1][1] if old else usable[0][1]

    def _remember(self, picture, now_s):
        if self.mean is None:
            self.mean = picture.copy()
        else:
            self.mean += (1 - np.exp(-(now_s - self.last_s) / self.background_s)) * (picture - self.mean)
        self.last_s = now_s
        if not self.kept or now_s - self.kept[-1][0] >= self.before_s / 4:
            self.kept = (self.kept + [(now_s, picture.copy())])[-8:]

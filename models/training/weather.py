"""A past for a single picture, and the things that look like smoke but are not.

From one real picture of an empty view three are made: now, some while ago, and the running mean of the
last quarter of an hour. Between them the light, the camera and the air change as they do on a tower;
fog banks, clouds, cloud shadows, dust, glare and passing things come and go.
"""
import cv2
import numpy as np

from .noise import fractal, lumps, shifted


def sky_mask(picture):
    """0..1, soft: what lies above the first rough or dark pixel of each column."""
    grey = cv2.GaussianBlur(picture.mean(2), (0, 0), 1.2)
    rough = cv2.GaussianBlur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (0, 0), 2)
    green = picture[..., 1] - np.maximum(picture[..., 0], picture[..., 2])
    clear = (grey > 0.3) & (rough < 0.035) & (green < 0.03)
    clear[:6] |= grey[:6] > 0.3
    sky = np.minimum.accumulate(clear, 0).astype(np.float32)
    sky = cv2.medianBlur((sky * 255).astype(np.uint8), 9).astype(np.float32) / 255
    return cv2.GaussianBlur(sky, (0, 0), 1.5)


class Past:
    """Three pictures of a view. `index` 0 is now, 1 before, 2 the background."""

    def __init__(self, rng, picture):
        self.rng = rng
        self.sky = sky_mask(picture)
        self.frames = [picture.copy() for _ in range(3)]

    def lay(self, alpha, rgb, index):
        frame = self.frames[index]
        frame += alpha[..., None] * (rgb - frame)

    def drift(self, scale):
        """How far the air moved between the frames, in pixels; the background is a blur along it."""
        angle = self.rng.uniform(0, 2 * np.pi)
        speed = self.rng.gamma(1.2, scale)
        return speed * np.cos(angle), speed * np.sin(angle) * 0.4

    def moving_layer(self, alpha, rgb, scale):
        """The same layer at three places; in the running mean it is smeared and fainter."""
        dx, dy = self.drift(scale)
        self.lay(alpha, rgb, 0)
        self.lay(shifted(alpha, -dx, -dy), rgb, 1)
        smear = sum(shifted(alpha, -dx * k, -dy * k) for k in (1.5, 3, 5, 8)) / 4
        self.lay(smear * self.rng.uniform(0.5, 1.0), rgb, 2)

    def clouds(self):
        rng, (height, width) = self.rng, self.sky.shape
        noise = fractal(rng, height, width, rng.uniform(30, 200), 5)
        alpha = lumps(noise, rng.uniform(0.05, 0.6), rng.uniform(0.1, 0.5)) * self.sky * rng.uniform(0.2, 0.95)
        self.moving_layer(alpha, np.float32(rng.uniform(0.55, 1.0)), 15)

    def native_clouds(self):
        """The clouds that the picture has move."""
        dx, dy = self.drift(10)
        far = self.rng.uniform(2, 8)
        for index, k in ((1, 1), (2, far)):
            moved = shifted(self.frames[index], -dx * k, -dy * k)
            moved_sky = self.sky * shifted(self.sky, -dx * k, -dy * k)
            if index == 2:
                moved = cv2.blur(moved, (int(abs(dx) * far * 0.5) + 1, int(abs(dy) * far * 0.5) + 1))
            self.frames[index] += (moved_sky ** 2)[..., None] * (moved - self.frames[index])

    def shadows(self):
        rng, (height, width) = self.rng, self.sky.shape
        noise = lumps(fractal(rng, height, width, rng.uniform(30, 250), 3), rng.uniform(0.1, 0.6),
                      rng.uniform(0.1, 0.4))
        dark = rng.uniform(0.1, 0.5) * (1 - self.sky)
        dx, dy = self.drift(25)
        for index, k in ((0, 0), (1, 1)):
            self.frames[index] *= (1 - dark * shifted(noise, -dx * k, -dy * k))[..., None]
        smear = sum(shifted(noise, -dx * k, -dy * k) for k in (2, 4, 7)) / 3
        self.frames[2] *= (1 - dark * smear)[..., None]

    def fog(self):
        """Banks that drift, lift or thicken: wide, without a foot."""
        rng, (height, width) = self.rng, self.sky.shape
        size = rng.uniform(40, 260)
        noise = fractal(rng, max(int(height * rng.uniform(1, 2.5)), height), width, size, 5)
        noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_AREA)
        rows = np.arange(height, dtype=np.float32)[:, None]
        middle, half = rng.uniform(0.1, 1.0) * height, rng.uniform(0.08, 0.8) * height
        band = np.exp(-((rows - middle) / half) ** 2)
        alpha = lumps(noise, rng.uniform(0.1, 0.9), rng.uniform(0.15, 0.7)) * band * rng.uniform(0.15, 1.0)
        grey = rng.uniform(0.5, 0.95)
        rgb = np.float32([grey - rng.uniform(0, 0.03), grey, grey + rng.uniform(0, 0.03)])
        self.moving_layer(alpha, rgb, 30)

    def haze(self):
        """Even thinning of the view that changes slowly."""
        rng, (height, width) = self.rng, self.sky.shape
        field = fractal(rng, height, width, 300, 2) * rng.uniform(0, 0.25)
        rgb = np.float32(rng.uniform(0.6, 0.9))
        for index in range(3):
            self.lay(field * rng.uniform(0.3, 1.0), rgb, index)

    def dust(self):
        """Behind a vehicle: brown, low, long, elsewhere a minute ago."""
        rng, (height, width) = self.rng, self.sky.shape
        row = int(rng.uniform(0.45, 1.0) * height)
        length, thick = rng.uniform(6, 60), rng.uniform(1.5, 8)
        for index in (0, 1):
            if index == 1 and rng.random() < 0.6:
                continue
            column = rng.uniform(0, width)
            rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
            along = (columns - column) / length
            across = (rows - row) / (thick * (0.5 + np.clip(along, 0, 1.5)))
            alpha = np.exp(-across ** 2) * np.clip(along * 3, 0, 1) * np.exp(-np.clip(along, 0, None) * 1.5)
            alpha *= fractal(rng, height, width, 12, 3) * rng.uniform(0.5, 1.6)
            rgb = np.float32([0.78, 0.68, 0.55]) * rng.uniform(0.7, 1.15)
            self.lay(np.clip(alpha, 0, 0.9) * (1 - self.sky), np.clip(rgb, 0, 1).astype(np.float32), index)

    def things(self):
        """Cars, birds, insects, people, drops: small, sharp or blurred, here now and not before."""
        rng, (height, width) = self.rng, self.sky.shape
        for _ in range(rng.integers(1, 7)):
            alpha = np.zeros((height, width), np.float32)
            size = rng.gamma(1.5, 4) + 1
            centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            axes = (int(size) + 1, int(size * rng.uniform(0.2, 1)) + 1)
            cv2.ellipse(alpha, centre, axes, rng.uniform(0, 180), 0, 360, 1.0, -1, cv2.LINE_AA)
            blur = rng.choice([0.5, 1, 3, 8])
            alpha = cv2.GaussianBlur(alpha, (0, 0), blur) * rng.uniform(0.4, 1)
            self.lay(alpha, rng.uniform(0, 1, 3).astype(np.float32), int(rng.choice([0, 0, 0, 1, 2])))

    def glare(self):
        rng, (height, width) = self.rng, self.sky.shape
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        y, x = rng.uniform(-0.2, 0.8) * height, rng.uniform(0, 1) * width
        glow = np.exp(-np.hypot(rows - y, columns - x) / rng.uniform(20, 200))
        rgb = np.float32([1.0, rng.uniform(0.85, 1), rng.uniform(0.6, 1)])
        for index in range(3):
            self.lay(glow * rng.uniform(0, 0.8), rgb, index)

    def sway(self):
        """Leaves and branches."""
        rng, (height, width) = self.rng, self.sky.shape
        where = lumps(fractal(rng, height, width, 80, 2), rng.uniform(0.1, 0.7), 0.2) * (1 - self.sky)
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        for index in (0, 1):
            move = rng.uniform(0.3, 2.0)
            fx = (fractal(rng, height, width, 12, 2) - 0.5) * 4 * move * where
            fy = (fractal(rng, height, width, 12, 2) - 0.5) * 2 * move * where
            self.frames[index] = cv2.remap(self.frames[index], columns + fx, rows + fy, cv2.INTER_LINEAR,
                                           borderMode=cv2.BORDER_REFLECT)

    def air(self, strength=1.0):
        """A mixture of the above."""
        rng = self.rng
        chances = ((self.native_clouds, 0.5), (self.clouds, 0.25), (self.shadows, 0.25), (self.fog, 0.4),
                   (self.haze, 0.2), (self.dust, 0.06), (self.things, 0.25), (self.glare, 0.08), (self.sway, 0.35))
        for what, chance in chances:
            if rng.random() < chance * strength:
                what()

    def light(self):
        """Exposure and white balance, another one in each frame; the running mean averages them."""
        rng = self.rng
        sigma = rng.choice([0.005, 0.03, 0.1], p=[0.4, 0.45, 0.15])
        for index in range(3):
            gain = np.exp(rng.normal(0, sigma)) * np.exp(rng.normal(0, sigma / 4, 3))
            offset = rng.normal(0, sigma / 4)
            self.frames[index] = np.clip(self.frames[index] * gain.astype(np.float32) + np.float32(offset), 0, 1)

    def camera(self):
        """Shake, noise and compression, alike in kind and other in each frame."""
        rng = self.rng
        shake = rng.choice([0.0, 0.4, 1.5], p=[0.4, 0.45, 0.15])
        noise = rng.gamma(1.5, 0.006)
        quality = int(rng.uniform(35, 96))
        for index in range(3):
            frame = self.frames[index]
            if shake:
                dx, dy = rng.normal(0, shake, 2) * (0.5 if index == 2 else 1)
                frame = shifted(frame, dx, dy)
            sigma = noise * (0.35 if index == 2 else 1)
            self.frames[index] = np.clip(frame + grain(rng, frame.shape) * sigma, 0, 1)
            if index < 2 or rng.random() < 0.5:
                self.frames[index] = compressed(self.frames[index], min(quality + (20 if index == 2 else 0), 97))


GRAIN = np.random.default_rng(5).standard_normal((1500, 1500, 3), np.float32)


def grain(rng, shape):
    """Sensor noise of deviation 1, cut from one large sheet of it: drawing it anew costs most of a sample."""
    row, column = rng.integers(0, GRAIN.shape[0] - shape[0]), rng.integers(0, GRAIN.shape[1] - shape[1])
    return GRAIN[row:row + shape[0], column:column + shape[1]]


def compressed(frame, quality):
    coded = cv2.imencode(".jpg", (frame * 255 + 0.5).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255

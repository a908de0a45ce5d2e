"""The network: a small fully convolutional detector of smoke and flame that sees time.

Input, one float32 tensor [N, 7, H, W] in 0..1, H and W multiples of 32:
    0..2  now         the picture, RGB
    3     before      grey, the picture of about a minute and a half ago
    4..6  background  RGB, running mean of about the last quarter of an hour
A camera without a past shows itself three times: what did not change is exactly zero then.

Output: logits [N, 2, H/8, W/8], smoke and flame, one a cell of 8 x 8 pixels.

Plain convolutions, no depthwise ones: on the processors at hand they train and run several times
faster for the same work, and a change against a background is a local, low-level thing.
"""
import torch
from torch import nn
import torch.nn.functional as F

LUMA = (0.299, 0.587, 0.114)
STRIDE = 8


class Block(nn.Module):
    """Two 3x3 convolutions with a residual path (He et al. 2016, doi 10.1109/CVPR.2016.90)."""

    def __init__(self, width):
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_one = nn.BatchNorm2d(width)
        self.two = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_two = nn.BatchNorm2d(width)

    def forward(self, x):
        y = F.relu(self.norm_one(self.one(x)))
        return F.relu(x + self.norm_two(self.two(y)))


class Down(nn.Sequential):
    """Halves the picture."""

    def __init__(self, inputs, outputs):
        super().__init__(nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU())


class Lookout(nn.Module):
    """Strides 2 to 32 downwards, then a feature pyramid back up to 8 (Lin et al. 2017,
    doi 10.1109/CVPR.2017.106), so that each cell knows the sky and the slope around it."""

    def __init__(self, widths=(16, 32, 64, 96, 128), pyramid=64):
        super().__init__()
        a, b, c, d, e = widths
        self.stem = nn.Sequential(Down(10, a), Down(a, b), Block(b))
        self.at8 = nn.Sequential(Down(b, c), Block(c), Block(c))
        self.at16 = nn.Sequential(Down(c, d), Block(d), Block(d))
        self.at32 = nn.Sequential(Down(d, e), Block(e), Block(e))
        self.side8 = nn.Conv2d(c, pyramid, 1)
        self.side16 = nn.Conv2d(d, pyramid, 1)
        self.side32 = nn.Conv2d(e, pyramid, 1)
        self.smooth16 = nn.Sequential(nn.Conv2d(pyramid, pyramid, 3, padding=1, bias=False),
                                      nn.BatchNorm2d(pyramid), nn.ReLU())
        self.smooth8 = nn.Sequential(nn.Conv2d(pyramid, pyramid, 3, padding=1, bias=False),
                                     nn.BatchNorm2d(pyramid), nn.ReLU())
        self.head = nn.Conv2d(pyramid, 2, 1)
        nn.init.constant_(self.head.bias, -4.0)

    @staticmethod
    def see(x):
        """What changed stands beside what is: differences are small numbers, so they are stretched."""
        now, before, background = x[:, 0:3], x[:, 3:4], x[:, 4:7]
        grey = sum(w * now[:, i:i + 1] for i, w in enumerate(LUMA))
        grey_background = sum(w * background[:, i:i + 1] for i, w in enumerate(LUMA))
        return torch.cat((now * 2 - 1, (grey - before) * 6, (now - background) * 6,
                          (before - grey_background) * 6, grey * 2 - 1, before * 2 - 1), 1)

    def forward(self, x):
        x = self.stem(self.see(x))
        x8 = self.at8(x)
        x16 = self.at16(x8)
        x32 = self.at32(x16)
        top = self.side32(x32)
        mid = self.smooth16(self.side16(x16) + F.interpolate(top, scale_factor=2.0, mode="nearest"))
        low = self.smooth8(self.side8(x8) + F.interpolate(mid, scale_factor=2.0, mode="nearest"))
        return self.head(low)

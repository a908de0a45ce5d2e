"""Writes small ONNX files with fixed weights, and their manifests: ONNX is Protocol Buffers, and a test needs
a dozen of its fields (github.com/onnx/onnx, onnx.proto, names in the comments)."""
import hashlib
import json
import struct

import numpy


def varint(number):
    number &= (1 << 64) - 1
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def attribute(name, value):
    """AttributeProto: f 2, i 3, s 4, ints 8, type 20."""
    if isinstance(value, float):
        return block(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return block(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return block(1, name) + block(4, value) + number(20, 3)
    return block(1, name) + b"".join(number(8, one) for one in value) + number(20, 7)


def node(kind, inputs, outputs, **attributes):
    """NodeProto: input 1, output 2, op_type 4, attribute 5."""
    return (b"".join(block(1, one) for one in inputs) + b"".join(block(2, one) for one in outputs)
            + block(4, kind) + b"".join(block(5, attribute(*one)) for one in attributes.items()))


def tensor(name, array):
    """TensorProto: dims 1, data_type 2 (1 float, 7 int64), name 8, raw_data 9. (array, path): the numbers lie in
    a file, external_data 13, data_location 14."""
    if isinstance(array, tuple):
        array, path = array
        return (b"".join(number(1, side) for side in array.shape) + number(2, 1) + block(8, name)
                + block(13, block(1, "location") + block(2, str(path))) + number(14, 1))
    array = numpy.asarray(array)
    whole = array.dtype.kind == "i"
    return (b"".join(number(1, side) for side in array.shape) + number(2, 7 if whole else 1)
            + block(8, name) + block(9, array.astype("<i8" if whole else "<f4").tobytes()))


def value(name, shape, kind=1):
    """ValueInfoProto; a side that is a text is left open."""
    sides = b"".join(block(1, block(2, side) if isinstance(side, str) else number(1, side)) for side in shape)
    return block(1, name) + block(2, block(1, number(1, kind) + block(2, sides)))


def model(nodes, constants, inputs, outputs, opset=17):
    """ModelProto: ir_version 1, graph 7, opset_import 8."""
    graph = (b"".join(block(1, one) for one in nodes) + block(2, "g")
             + b"".join(block(5, tensor(*one)) for one in constants.items())
             + b"".join(block(11, one) for one in inputs) + b"".join(block(12, one) for one in outputs))
    return number(1, 8) + block(8, number(2, opset)) + block(7, graph)


# ---- networks whose answer can be worked out by hand ----

def yolo(side=640, cell=32, form="yolo_v8", fractions=False, height=None, channels=3):
    """A YOLO without training: one box a cell; class 1 where the cell is bright, class 0 where it is dark.

    Logit of class 1 is 40 * (mean brightness - 0.6), of class 0 is 40 * (0.02 - mean brightness); inputs are
    0 to 1."""
    height = height or side
    rows, columns = height // cell, side // cell
    y, x = numpy.mgrid[0:rows, 0:columns]
    boxes = numpy.stack([(x + .5) * cell, (y + .5) * cell, 0 * x + cell, 0 * y + cell]).reshape(1, 4, -1)
    if fractions:
        boxes = boxes / numpy.array([side, height, side, height]).reshape(1, 4, 1)
    mean = 40 / (channels * cell * cell)
    weights = numpy.full((2, channels, cell, cell), mean)
    weights[0] = -mean
    nodes = [node("Conv", ["images", "weights", "bias"], ["logits"], strides=[cell, cell],
                  kernel_shape=[cell, cell]),
             node("Sigmoid", ["logits"], ["map"]),
             node("Reshape", ["map", "shape"], ["scores"])]
    constants = {"weights": weights, "bias": numpy.array([0.8, -24.]),
                 "boxes": boxes, "shape": numpy.array([1, 2, rows * columns])}
    answer = [1, 6, rows * columns]
    if form == "yolo_v5":
        constants["sure"] = numpy.full((1, 1, rows * columns), 0.9)
        nodes += [node("Concat", ["boxes", "sure", "scores"], ["stacked"], axis=1),
                  node("Transpose", ["stacked"], ["output0"], perm=[0, 2, 1])]
        answer = [1, rows * columns, 7]
    else:
        nodes.append(node("Concat", ["boxes", "scores"], ["output0"], axis=1))
    return model(nodes, constants, [value("images", [1, channels, height, side])], [value("output0", answer)])


def heat(weights, bias=0.0, stride=8, shape=(1, "c", "h", "w"), last=None):
    """A heat map: logit of a cell = bias + sum over channels of weight * mean of the channel in the cell.

    weights: one row a class. last: an operator that makes the answer of the logits."""
    weights = numpy.atleast_2d(numpy.array(weights, dtype=float))
    kernel = weights[:, :, None, None] / stride ** 2 * numpy.ones((1, 1, stride, stride))
    shape = [weights.shape[1] if side == "c" else side for side in shape]
    nodes = [node("Conv", ["x", "weights", "bias"], ["logits" if last else "y"], strides=[stride, stride],
                  kernel_shape=[stride, stride])]
    if last:
        nodes.append(node(last, ["logits"], ["y"]))
    return model(nodes, {"weights": kernel, "bias": numpy.full(len(weights), float(bias))}, [value("x", shape)],
                 [value("y", [1, len(weights), "rows", "columns"])])


def second(weights, bias=0.0, shape=None, last=None):
    """A second look: logit of a class = bias + sum of weight * what it is shown, for weights [class, plane, y, x].

    last: an operator that makes the answer of the logits."""
    weights = numpy.asarray(weights, dtype=float)
    nodes = [node("Conv", ["crop", "weights", "bias"], ["sums"], kernel_shape=list(weights.shape[2:])),
             node("Flatten", ["sums"], ["flat" if last else "logits"], axis=1)]
    if last:
        nodes.append(node(last, ["flat"], ["logits"]))
    return model(nodes, {"weights": weights, "bias": numpy.full(len(weights), float(bias))},
                 [value("crop", shape or ["n", *weights.shape[1:]])], [value("logits", ["n", len(weights)])])


# ---- manifests ----

def manifest(content, size, output, **more):
    """A manifest for the file's content; more: other keys, dotted ones go into input (input__pad=0)."""
    written = {"linhuo_model": 1, "name": "test", "version": "1", "licence": "CC0-1.0", "file": "m.onnx",
               "sha256": hashlib.sha256(content).hexdigest(),
               "input": {"channels": "rgb", "size": size, "scale": 1 / 255},
               "output": output, "operating_point": {"smoke": {"score": 0.5}, "flame": {"score": 0.5}}}
    for key, given in more.items():
        if key.startswith("input__"):
            written["input"][key.removeprefix("input__")] = given
        else:
            written[key] = given
    return written


def second_look(content, side, **more):
    """The manifest's part for a second look, whose file is s.onnx; its score alone counts unless more says so."""
    return {"file": "s.onnx", "sha256": hashlib.sha256(content).hexdigest(), "side": side, "margin": 2.5,
            "least_px": 16, "most_px": 4 * side, "scale": 1 / 255, "from": 0.3, "classes": ["smoke"],
            "combine": {"smoke": {"first": 0, "second": 1, "bias": 0}}, **more}


def write(folder, content, described, again=None):
    """again: the file of the second look."""
    (folder / "m.onnx").write_bytes(content)
    if again is not None:
        (folder / "s.onnx").write_bytes(again)
    path = folder / "m.json"
    path.write_text(json.dumps(described))
    return path


YOLO_CLASSES = [{"name": "dark", "as": "smoke"}, {"name": "bright", "as": "flame"}]

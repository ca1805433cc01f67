"""The walk's prose. Every technical term is explained where it first appears, and only there."""

BEGINNING = """
**MNIST** is 70,000 handwritten digits of 28 × 28 grey pixels: 60,000 to learn from, 10,000 to be
tested on. A **parameter** is one number that training finds; a network is its layers and these
numbers. **Accuracy** is the share of the digits that are read rightly. 99.40 % of 10,000 is 60
errors, and the chance of which images they happen to be leaves anything from 99.23 to 99.53 % open:
the figure's **95 % interval**.
"""
STEPS = {
    "target-1": """
A **convolution** slides a window of 3 × 3 weights, its **kernel**, over the image and writes down
how well the two agree at each place. That gives a **map**; a layer has one kernel for each map that
it makes, its **filters**. Each layer sees two pixels further than the one before. What one unit
sees of the input is its **receptive field**: here the filters double until that is the whole digit.
Early on stands one **transition**: a 1×1 convolution mixes 64 maps into 32, and a 2×2 **max-pool**
keeps the largest of every four pixels, so the maps are half as wide. **ReLU** sets what is negative
to nought after every convolution; **softmax** turns the last ten scores into probabilities.

An **epoch** shows every training digit once, a **batch** of them at a time. After each batch the
parameters move a little, against the error; the **learning rate** says how far. **Adam** gives each
of them a rate of its own. **Validation** reads digits that were not learnt from, after each epoch.
""",
    "target-2": """
A 3×3 layer costs 9 × inputs × filters, so half the filters everywhere is a quarter of the
parameters, and nearly all of target 1's lie in its last, widest layers. A **partial transition** is
the 1×1 convolution without the pool: in the middle it squeezes 20 maps into 12, so the layer behind
it is cheap. What is left is 128 times smaller.
""",
    "target-3": """
**Batch norm** brings each map to mean 0 and spread 1 over every batch, then gives it a scale and a
shift that are learnt. Steps become steadier, so the learning rate may be higher. It costs four
numbers for each of the 96 filters: 384 more. At a fixed rate the accuracy keeps jumping, so a
**checkpoint**, the parameters as they stand, is kept of the best epoch.
""",
    "target-4": """
**Overfitting** is learning the training digits by heart: training accuracy rises, validation does
not, and the **gap** between the two curves opens. **Dropout** sets one value in twenty to nought at
every step, at random, so that no unit can lean on a single other one. It costs no parameters and
acts only while training, so the training figure may end below the validation's.
""",
}
OWN = """
The article stops here; the lab goes on in two directions. Both networks see each digit
**augmented**: turned, stretched and moved a little, anew in every epoch, so it cannot be learnt by
heart. Their learning rate rises first and then falls to nought. The test images are **read once**,
at the end. A **seed** fixes every chance of a training, such as its first parameters and the order
of the digits; each of the two networks was trained with five.
"""

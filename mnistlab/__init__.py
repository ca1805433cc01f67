"""Design, train and test small CNNs on MNIST: how few parameters does 99.40% accuracy need?"""

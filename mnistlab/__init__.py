"""Design, train and test small CNNs on MNIST: how few parameters does high accuracy need?"""

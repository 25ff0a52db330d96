def files(seed):
    return {}

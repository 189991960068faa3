"""YAML that is short to write and long to read."""


def bomb() -> str:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)]
    return "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(levels)


def merge_bomb() -> str:
    levels = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 10)]
    return "a0: &a0 {x: y}\n" + "".join(levels)


def chain() -> str:
    return "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5000))

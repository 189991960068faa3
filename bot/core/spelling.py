"""How far a word is from another: for one helpful answer to what was nearly a command."""


def one_letter_off(word: str, target: str) -> bool:
    """One letter too many, too few, another one, or two neighbours that changed places."""
    if word == target:
        return False
    mismatch = next((position for position, (a, b) in enumerate(zip(word, target, strict=False)) if a != b), None)
    if mismatch is None:
        return abs(len(word) - len(target)) == 1
    tail, target_tail = word[mismatch:], target[mismatch:]
    swapped = tail[1:2] + tail[:1] + tail[2:]
    return target_tail in (tail[1:], swapped) or target_tail[1:] in (tail, tail[1:])

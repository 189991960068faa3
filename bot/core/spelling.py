"""How far a word is from another: for one helpful answer to what was nearly a command."""


def one_letter_off(word: str, known: str) -> bool:
    """One letter too many, too few, another one, or two neighbours that changed places."""
    if word == known:
        return False
    same = next((at for at, (mine, its) in enumerate(zip(word, known, strict=False)) if mine != its), None)
    if same is None:
        return abs(len(word) - len(known)) == 1
    mine, its = word[same:], known[same:]
    swapped = mine[1:2] + mine[:1] + mine[2:]
    return its in (mine[1:], swapped) or its[1:] in (mine, mine[1:])

"""Entry point on the board. What can fail is imported late, so that it fails here."""

import buffers  # noqa: F401  first of all, see there

# isort: split
import sys

from late import forget


def start(board):
    """What shall run on this board; its run() does not return by itself."""
    import starting

    try:
        return starting.start(board)
    finally:
        forget("starting")


def died(board, e):
    """A start that ended in an exception: say so, and count it."""
    from starting import trial_of

    trial = trial_of(board)
    if trial:
        sys.print_exception(e)
        trial.died("%s: %s" % (type(e).__name__, e))
        board.reset()
    if type(e).__name__ == "ConfigError":
        board.print("error: %s" % e)  # a person has to mend it, at the prompt
        board.at_prompt()  # nobody there: a flash that could not be read may be read next time
        return
    sys.print_exception(e)
    from health import boot_counter

    boot_counter.died(board, e)
    board.reset()


def main():
    from board import Board  # boards/<board>/board.py, copied beside this file

    board = Board()
    try:
        start(board).run()
    except Exception as e:
        died(board, e)


if __name__ == "__main__":
    main()

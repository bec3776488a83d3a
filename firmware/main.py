"""Entry point on the board: configuration, board, logger."""

import buffers  # noqa: F401  first of all, see there

# isort: split
import config
from logger import Logger


def start(board, path):
    """A logger for this board from the configuration at path; ConfigError names a mistake."""
    return Logger(board, config.load(path))


def main():
    from board import Board  # boards/<board>/board.py, copied beside this file

    board = Board()
    try:
        logger = start(board, board.data_dir + "/config.json")
    except config.ConfigError as e:
        board.print("error: %s" % e)
        return
    logger.run()


if __name__ == "__main__":
    main()

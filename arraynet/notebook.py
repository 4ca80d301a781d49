"""What ``%load_ext arraynet`` adds to IPython and Jupyter: cells on another backend, and cells explained.

The magics run their cell by themselves, in the user's namespace, so that an error stops the notebook as it
would without them, and so that the last expression is shown.
"""

import ast
from typing import Any

from arraynet.display import html_table
from arraynet.inspection.watching import Watched
from arraynet.plugins import available_backends, current, use_backend

__all__ = ["Backends", "load"]


class Backends:
    """The current backend among those installed, shown by ``%backend``."""

    def __init__(self) -> None:
        self.current, self.installed = current().name, available_backends()
        self.about = current().describe()

    def __repr__(self) -> str:
        return f"backend {self.current} ({self.about}); installed: {', '.join(self.installed)}"

    def _repr_html_(self) -> str:
        marks = [(f"{name} (current)" if name == self.current else name,) for name in self.installed]
        return html_table(f"{self.current}: {self.about}", ["backends"], marks)


def load(shell: Any) -> None:
    """Add the magics to an IPython shell."""

    def backend(line: str, cell: str | None = None) -> Any:
        """``%backend`` shows the backend; ``%%backend NAME`` runs the cell there, and restores it afterwards."""
        name = line.strip()
        if cell is None and name:
            raise ValueError(
                f"%backend shows the current backend. To run a cell on {name}: %%backend {name}; to switch for good: "
                f"arraynet.set_backend({name!r})."
            )
        if cell is None:
            return Backends()
        if not name:
            raise ValueError(f"%%backend needs a name, one of: {', '.join(available_backends())}.")
        with use_backend(name):
            return run(shell, cell)

    def explain(line: str, cell: str) -> Any:
        """``%%explain`` runs the cell and shows every op that it ran: see `arraynet.explain`."""
        if line.strip():
            raise ValueError(
                f"%%explain takes nothing behind it, received {line.strip()!r}. To explain a cell on another backend, "
                f"begin with %%backend NAME and put %%explain into the second line."
            )
        watched = Watched()
        watched.during(run, (shell, cell))
        return watched.explanation("cell")

    shell.register_magic_function(backend, "line_cell", "backend")
    shell.register_magic_function(explain, "cell", "explain")


def run(shell: Any, cell: str) -> Any:
    """Run the text of a cell in the user's namespace; return the value of its last expression."""
    text = shell.transform_cell(cell)
    name = shell.compile.cache(text, shell.execution_count)  # tracebacks show the lines
    tree = shell.transform_ast(ast.parse(text, name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), shell.user_ns)
    return eval(compile(ast.Expression(last.value), name, "eval"), shell.user_ns) if last else None

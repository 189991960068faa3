"""A wire to the API server that can be cut."""

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType


class Wire:
    """Use it in a `with`. `kubeconfig` leads through it."""

    def __init__(self, kubeconfig: Path, directory: Path) -> None:
        text = kubeconfig.read_text()
        self._port = int(text.partition("https://127.0.0.1:")[2].partition("\n")[0])
        self._ear = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.kubeconfig = directory / "wire.kubeconfig"
        self.kubeconfig.write_text(text.replace(f":{self._port}", f":{self._ear.getsockname()[1]}"))
        self.kubeconfig.chmod(0o600)

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def cut(self) -> None:
        """Nobody gets through any more."""
        for end in (self._ear, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._ear.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)

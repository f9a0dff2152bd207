"""The log over HTTP by C2SP tlog-tiles: `/log/<tenant>/checkpoint`, `/log/<tenant>/tile/…`, straight from its files.

Only paths that tlog-tiles spells lead to a file. Entries hold nothing that an agent or tool wrote, but they say who did
what when; so unless `[log] public` is set, reading needs a key that may read the record.
"""

from litestar import Response, get
from litestar.params import FromPath

from remit.administration import Act
from remit.audit import log_name, parse_path
from remit.decision_api.asking import Asking, authenticated
from remit.terms import NotFound, TenantId

YEAR = 31_536_000  # seconds


@get("/log/{tenant:str}/{path:path}", include_in_schema=False, sync_to_thread=True)
def read_log(request: Asking, tenant: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """A checkpoint, tile or entry bundle."""
    found = request.services.log
    if found is None:
        raise NotFound("this server publishes no log")
    if not found.public:
        authenticated(request, request.route_handler)
        by = request.desks.office.require(request.by, Act.READ_RECORD)
        if by.tenant != tenant:
            raise NotFound("there is no such log")
    name = path.removeprefix("/")
    exact = request.scope["raw_path"].decode("latin-1") == f"/log/{log_name(TenantId(tenant))}/{name}"
    body = found.file(TenantId(tenant), name) if exact else None  # no second spelling of a file
    if body is None:
        raise NotFound("there is no such file in this log; tlog-tiles says which there are")
    if parse_path(name) is None:  # a checkpoint changes all the time
        return Response(body, media_type="text/plain", headers={"cache-control": "no-cache"})
    scope = "public" if found.public else "private"
    headers = {"cache-control": f"{scope}, max-age={YEAR}, immutable"}
    return Response(body, media_type="application/octet-stream", headers=headers)


HANDLERS = [read_log]

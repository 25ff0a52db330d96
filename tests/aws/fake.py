"""AWS on loopback: moto where it knows an operation, and scripted answers where it does not, with faults on call.

What is scripted is validated against botocore's shape of the answer, so that no test reads what AWS would
never say. Every call is recorded with the account whose credentials signed it.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug import Request, Response
from werkzeug.serving import make_server

#: boto3's names of the services that sources ask; found again by the name that a request is signed with.
SERVICES = (
    "auditmanager", "backup", "budgets", "ce", "cloudwatch", "codedeploy", "codepipeline", "cost-optimization-hub",
    "ec2", "ecr", "ecs", "elbv2", "health", "iam", "identitystore", "inspector2", "logs", "organizations", "rds",
    "route53", "s3", "secretsmanager", "ssm", "sso-admin", "sts", "synthetics",
)  # fmt: skip
_SIGNED = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
#: What AWS answers when something is wrong: HTTP status, code, and what it says.
FAULTS = {
    "throttled": (400, "ThrottlingException", "Rate exceeded"),
    "broken": (500, "InternalFailure", "An internal error occurred"),
    "denied": (400, "AccessDeniedException", "User is not authorized to perform this action"),
    "expired": (400, "ExpiredTokenException", "The security token included in the request is expired"),
    "cut": (200, "", ""),  # an answer that ends before it is over
    "again": (200, "", ""),  # the page before in place of this one
}  # fmt: skip
Body = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request as it came in."""

    operation: str
    account: str
    region: str
    asked: Body


@dataclass
class Fault:
    """From which call of an operation on it goes wrong, how, and how many times; 0 is for ever."""

    kind: str
    at: int = 1
    times: int = 1


@dataclass
class FakeAws:
    """The server; `address` is AWS_ENDPOINT_URL while it runs."""

    calls: list[Call] = field(default_factory=list)
    scripts: dict[tuple[str, str, str], Callable[[Body], Body]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _last: dict[str, Body] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    address: str = ""

    def start(self) -> FakeAws:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """As if it had just started."""
        for held in (self.calls, self.scripts, self.faults, self._counts, self._last):
            held.clear()

    def answer(self, operation: str, *pages: Body, account: str = "", region: str = "", token: str = "") -> None:
        """Answer an operation with these pages, in turn, led on by tokens as the operation names them.

        Without an account or a region it answers in each.
        """
        model = _model(operation)
        sent, given = _tokens(model) if not token else (token, token)
        told = [{**page, **({given: f"page-{number}"} if number <= len(pages) - 1 else {})}
                for number, page in enumerate(pages, 1)]  # fmt: skip
        for page in told:
            _check(operation, page, model)
        if len(pages) > 1 and not sent:
            raise AssertionError(f"{operation} has no pages")

        def script(asked: Body) -> Body:
            at = asked.get(sent) if sent else None
            return told[int(at.removeprefix("page-")) if at else 0] if told else {}

        self.scripts[operation, account, region] = script

    def script(self, operation: str, say: Callable[[Body], Body], account: str = "", region: str = "") -> None:
        """Answer an operation by a function of what was asked."""
        model = _model(operation)

        def checked(asked: Body) -> Body:
            return _check(operation, say(asked), model)

        self.scripts[operation, account, region] = checked

    def fault(self, operation: str, kind: str, at: int = 1, times: int = 1) -> None:
        """Let an operation go wrong from its `at`-th call on, `times` times, or for ever by 0."""
        self.faults[operation] = Fault(kind, at, times)

    def asked(self, operation: str, account: str = "") -> list[Body]:
        """What was asked of one operation."""
        return [call.asked for call in self.calls if call.operation == operation and account in ("", call.account)]

    def __call__(self, environ: Body, start_response: Any) -> Any:
        request = Request(environ)
        signed = _SIGNED.search(request.headers.get("Authorization", ""))
        if not signed:  # moto's own pages
            return self._moto(environ, start_response)
        key, region, signing = signed.groups()
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)  # so that moto can read it again
        model = _operation(signing, request, body)
        operation = f"{_by_signing()[signing].service_name}:{model.name}"
        asked, account = _asked(model, request, body), get_account_id_from(key)
        with self._lock:
            self.calls.append(Call(operation, account, region, asked))
            self._counts[operation] += 1
            fault = self._due(operation)
        if fault and fault.kind not in ("cut", "again"):
            return _refused(model, *FAULTS[fault.kind])(environ, start_response)
        say = next((self.scripts[key] for key in (
            (operation, account, region), (operation, account, ""), (operation, "", region), (operation, "", ""),
        ) if key in self.scripts), None)  # fmt: skip
        if say is None:
            if fault:
                response = Response.from_app(self._moto, environ)
                return _cut(response.get_data())(environ, start_response)
            return self._moto(environ, start_response)
        page = say(asked)
        if fault and fault.kind == "again":
            gives = _tokens(model)[1]
            held = {name: value for name, value in self._last.get(operation, page).items() if name != gives}
            page = held | ({gives: page[gives]} if gives in page else {})
        self._last[operation] = page
        text = _written(model, page)
        if fault and fault.kind == "cut":
            return _cut(text)(environ, start_response)
        return Response(text, content_type=_kind(model))(environ, start_response)

    def _due(self, operation: str) -> Fault | None:
        fault, count = self.faults.get(operation), self._counts[operation]
        is_due = fault and count >= fault.at and (not fault.times or count < fault.at + fault.times)
        return fault if is_due else None


def _check(operation: str, page: Body, model: OperationModel) -> Body:
    report = ParamValidator().validate(page, model.output_shape)
    if report.has_errors():
        raise AssertionError(f"AWS would not answer {operation} so: {report.generate_report()}")
    return page


@lru_cache
def _service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


@lru_cache
def _by_signing() -> dict[str, ServiceModel]:
    return {_service(name).signing_name: _service(name) for name in SERVICES}


def _model(operation: str) -> OperationModel:
    service, _, name = operation.partition(":")
    return _service(service).operation_model(name)


def _tokens(model: OperationModel) -> tuple[str, str]:
    """How an operation names the token it takes and the one it gives."""
    names = ("NextPageToken", "NextToken", "nextToken", "Marker", "marker")
    takes = next((name for name in names if model.input_shape and name in model.input_shape.members), "")
    gives = next((name for name in (*names, "NextMarker") if name in model.output_shape.members), "")
    return takes, gives


def _operation(signing: str, request: Request, body: bytes) -> OperationModel:
    service = _by_signing()[signing]
    if target := request.headers.get("X-Amz-Target"):
        return service.operation_model(target.rpartition(".")[2])
    if "rest" not in service.resolved_protocol:
        return service.operation_model(parse_qs(body.decode())["Action"][0])
    return next(model for model, _ in _matching(service, request))


def _matching(service: ServiceModel, request: Request) -> Iterator[tuple[OperationModel, Body]]:
    """Operations of a REST service whose address a request has, the most particular first."""
    models = [service.operation_model(name) for name in service.operation_names]
    for model in sorted(models, key=lambda model: -len(re.sub(r"\{[^}]*}", "", model.http["requestUri"]))):
        path, _, query = model.http["requestUri"].partition("?")
        pattern = re.sub(r"\\{(\w+)(\\\+)?\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path))
        found = re.fullmatch(pattern.rstrip("/") + "/?", request.path)
        needs = [part.partition("=") for part in query.split("&") if part]
        fits = all(name in request.args and (not value or request.args[name] == value) for name, _, value in needs)
        if model.http["method"] == request.method and found and fits:
            yield model, found.groupdict()


def _asked(model: OperationModel, request: Request, body: bytes) -> Body:
    if "rest" in model.service_model.resolved_protocol:
        path = next(iter(_matching(model.service_model, request)))[1]
        named = {} if model.service_model.resolved_protocol == "rest-xml" or not body else json.loads(body)
        places = {**{k: unquote(v) for k, v in path.items()}, **request.args.to_dict(), **named}
        members = model.input_shape.members if model.input_shape else {}
        return {name: places[shape.serialization.get("name", name)] for name, shape in members.items()
                if shape.serialization.get("name", name) in places}  # fmt: skip
    if request.headers.get("X-Amz-Target"):
        return json.loads(body or b"{}")
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _written(model: OperationModel, page: Body) -> bytes:
    protocol = model.service_model.resolved_protocol
    if "json" in protocol:
        return json.dumps(_json(page, model.output_shape)).encode()
    name = model.service_model.service_name
    # moto writes by models of its own.
    own = get_service_model(name).operation_model(model.name)
    body = get_serializer_class(name, protocol)(own).serialize(page)["body"]
    return body.encode() if isinstance(body, str) else body


def _json(value: Any, shape: Shape) -> Any:
    if shape.type_name == "structure":
        return {member.serialization.get("name", name): _json(value[name], member)
                for name, member in shape.members.items() if value.get(name) is not None}  # fmt: skip
    if shape.type_name == "list":
        return [_json(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {key: _json(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp":
        made = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
        is_text = shape.serialization.get("timestampFormat") == "iso8601"
        return made.isoformat() if is_text else made.timestamp()
    return value


def _kind(model: OperationModel) -> str:
    if "json" not in model.service_model.resolved_protocol:
        return "text/xml"
    is_rest = model.service_model.resolved_protocol == "rest-json"
    return "application/json" if is_rest else f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"


def _refused(model: OperationModel, status: int, code: str, said: str) -> Response:
    if "json" in model.service_model.resolved_protocol:
        answer = Response(json.dumps({"__type": code, "message": said}), status, content_type=_kind(model))
        answer.headers["x-amzn-errortype"] = code
        return answer
    error = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
    whole = {
        "ec2": f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>",
        "rest-xml": error if model.service_model.service_name == "s3" else f"<ErrorResponse>{error}</ErrorResponse>",
    }.get(model.service_model.resolved_protocol, f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>")
    return Response(whole, status, content_type="text/xml")


def _cut(text: bytes) -> Response:
    """An answer that ends before it is over."""
    answer = Response(text[: len(text) // 2], content_type="application/octet-stream")
    answer.headers["Content-Length"] = str(len(text) + 1)
    return answer

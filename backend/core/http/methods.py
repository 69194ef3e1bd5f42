"""``HEAD`` where ``GET`` works, ``OPTIONS`` wherever there is something, ``Allow`` complete."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

type GetResponse = Callable[[HttpRequest], HttpResponseBase]


class HttpMethodsMiddleware:
    """Adds to the API what Ninja's routers leave out; ``HEAD`` is answered as a ``GET`` is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        asked = request.method
        if asked == "HEAD":
            request.method = "GET"
        response = self.get_response(request)
        request.method = asked
        if response.status_code != 405:  # noqa: PLR2004
            return response
        allow = _complete(response.get("Allow", ""))
        if asked == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": allow})
        response["Allow"] = allow
        return response


def _complete(allow: str) -> str:
    methods = {method.strip() for method in allow.split(",") if method.strip()} | {"OPTIONS"}
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))

"""The application: what it answers is put together here, and nowhere else."""

from __future__ import annotations

from apiflask import APIFlask
from flask.json.provider import DefaultJSONProvider

from .. import __version__
from ..workspace import Workspace
from . import v1
from .context import keep_workspace
from .documentation import documentation
from .kept import add_keeper
from .media import add_thumbnails
from .openapi import finished
from .ops import add_operations
from .original import add_original_routes
from .page import add_page
from .problems import register_problems
from .security import protect
from .streams import limit_streams


def create_app(workspace: Workspace) -> APIFlask:
    """Build the service over an open workspace.

    Nothing heavy is loaded here: a module that opens videos or runs networks is imported by the view that needs it.

    Args:
        workspace: Stays open as long as the service runs; requests of several threads share it.
    """
    app = APIFlask(
        __name__,
        title="FaceRec",
        version=__version__,
        docs_path=None,
        json_errors=False,
        static_folder="documentation/assets",
        static_url_path="/docs/assets",
    )
    app.config.update(
        AUTO_SERVERS=False,
        AUTO_OPERATION_ID=True,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        MAX_CONTENT_LENGTH=workspace.settings.server.max_body_bytes,
    )
    # Text stays as it is: names in every script are what this is about.
    written = DefaultJSONProvider(app)
    written.ensure_ascii = False
    app.json = written
    app.spec_processor(finished)
    keep_workspace(app, workspace)
    add_keeper(app, workspace)
    add_thumbnails(app, workspace)
    register_problems(app)
    protect(app, workspace)
    limit_streams(app, workspace.settings.server)
    for blueprint in (*v1.BLUEPRINTS, documentation):
        app.register_blueprint(blueprint)
    add_operations(app, workspace)
    add_original_routes(app)
    add_page(app, media_origins=workspace.settings.server.media_origins)
    return app

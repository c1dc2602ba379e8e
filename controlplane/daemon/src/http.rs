//! HTTP/JSON on the Unix socket. Everything that is wrong with a request comes back as a problem
//! document (RFC 9457) and has changed nothing.

use std::time::Duration;

use api::http::{
    BODY_MAX_BYTES, COUNTERS_PATH, DROPS_PATH, HOOKS_PATH, IPTABLES_PATH, IptablesReply,
    IptablesRequest, PROBLEM_TYPE, Problem, STATUS_PATH, StatusReport,
};
use axum::{
    Json, Router,
    extract::{ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, Request, State},
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    applet,
    dataplane_link::SynchroniseError,
    engine::{Engine, EngineHandle, OrderError},
    report,
    roles::{Peer, Role, Roles},
    serve::Caller,
};

/// How long a request's body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What every request needs.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Does what is asked.
    pub(crate) engine: EngineHandle,
    /// Who may ask for what.
    pub(crate) roles: Roles,
}

/// Every path with what it serves.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route(IPTABLES_PATH, post(iptables))
        .route(STATUS_PATH, get(status))
        .route(COUNTERS_PATH, get(counters))
        .route(DROPS_PATH, get(drops))
        .route(HOOKS_PATH, get(hooks))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "There is nothing under this path"))
        .method_not_allowed_fallback(async || {
            refuse(
                StatusCode::METHOD_NOT_ALLOWED,
                "This path takes another method",
            )
        })
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(shared)
}

async fn iptables(
    Authorised { peer, role }: Authorised,
    State(shared): State<Shared>,
    Asked(request): Asked,
) -> Result<Json<IptablesReply>, Refused> {
    let ran = shared
        .engine
        .ask(move |engine| applet::run(engine, &request, peer, role))
        .await?;
    ran.map(Json).map_err(|applet::Forbidden| {
        let detail = format!(
            "uid {} has the role {role}; changes need operator or admin, see [access] in weir.toml",
            peer.uid
        );
        Refused::new(StatusCode::FORBIDDEN, "Permission denied", detail)
    })
}

async fn status(
    _: Authorised,
    State(shared): State<Shared>,
) -> Result<Json<StatusReport>, Refused> {
    Ok(Json(shared.engine.ask(report::status).await?))
}

async fn counters(_: Authorised, State(shared): State<Shared>) -> Result<Response, Refused> {
    report_of(&shared, report::counters).await
}

async fn drops(_: Authorised, State(shared): State<Shared>) -> Result<Response, Refused> {
    report_of(&shared, report::drops).await
}

async fn hooks(_: Authorised, State(shared): State<Shared>) -> Result<Response, Refused> {
    report_of(&shared, report::hooks).await
}

async fn report_of<T: Serialize + Send + 'static>(
    shared: &Shared,
    report: fn(&mut Engine) -> Result<T, SynchroniseError>,
) -> Result<Response, Refused> {
    let report = shared.engine.ask(report).await?.map_err(|error| {
        Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "There is nothing to report",
            error.to_string(),
        )
    })?;
    Ok(Json(report).into_response())
}

/// A caller who has a role. Taken before a request's body is read.
struct Authorised {
    peer: Peer,
    role: Role,
}

impl FromRequestParts<Shared> for Authorised {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refused> {
        let caller = parts.extensions.get::<ConnectInfo<Caller>>();
        let peer = caller.and_then(|ConnectInfo(caller)| caller.0);
        let role = peer.and_then(|peer| shared.roles.of(peer));
        match (peer, role) {
            (Some(peer), Some(role)) => Ok(Self { peer, role }),
            (peer, _) => {
                let who = peer.map_or_else(
                    || "this user".to_owned(),
                    |peer| format!("uid {}", peer.uid),
                );
                let detail = format!("{who} has no role, see [access] in weir.toml");
                Err(Refused::new(
                    StatusCode::FORBIDDEN,
                    "Permission denied",
                    detail,
                ))
            }
        }
    }
}

/// The body of a request for an applet.
struct Asked(IptablesRequest);

impl FromRequest<Shared> for Asked {
    type Rejection = Refused;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Refused> {
        let title = "The request cannot be read";
        // A body that says it is too large is not waited for; one that does not say is cut off by
        // the router's limit.
        let length = request.headers().get(CONTENT_LENGTH);
        let length: Option<usize> = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length| length > BODY_MAX_BYTES) {
            let detail = format!("a body has at most {BODY_MAX_BYTES} bytes");
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, title, detail));
        }
        match timeout(BODY_TIMEOUT, Json::from_request(request, shared)).await {
            Ok(Ok(Json(request))) => Ok(Self(request)),
            Ok(Err(rejection)) => Err(Refused::new(
                rejection.status(),
                title,
                rejection.body_text(),
            )),
            Err(_) => {
                let detail = format!("the body took longer than {} s", BODY_TIMEOUT.as_secs());
                Err(Refused::new(StatusCode::REQUEST_TIMEOUT, title, detail))
            }
        }
    }
}

/// A request that was not served.
#[derive(Debug)]
struct Refused(StatusCode, Problem);

impl Refused {
    fn new(status: StatusCode, title: &str, detail: String) -> Self {
        Self(
            status,
            Problem {
                title: title.to_owned(),
                status: status.as_u16(),
                detail,
            },
        )
    }
}

impl From<OrderError> for Refused {
    fn from(error: OrderError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not now",
            error.to_string(),
        )
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, problem) = self;
        let mut response = (status, Json(problem)).into_response();
        response.headers_mut().insert(
            CONTENT_TYPE,
            axum::http::HeaderValue::from_static(PROBLEM_TYPE),
        );
        response
    }
}

fn refuse(status: StatusCode, title: &str) -> Refused {
    let paths = [
        IPTABLES_PATH,
        STATUS_PATH,
        COUNTERS_PATH,
        DROPS_PATH,
        HOOKS_PATH,
    ]
    .join(", ");
    Refused::new(
        status,
        title,
        format!("POST {paths}").replacen(", ", "; GET ", 1),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use api::http::Program;
    use axum::body::Body;
    use rules::{Family, Ruleset};
    use store::{Kept, Note};

    use super::*;
    use crate::{
        config::Config,
        engine,
        roles::tests::{PASSWD_UIDS, roles},
    };

    const ROOT: Peer = Peer { uid: 0, gid: 0 };
    const VIEWER: Peer = Peer {
        uid: PASSWD_UIDS.viewer,
        gid: 9,
    };
    const NOBODY: Peer = Peer {
        uid: PASSWD_UIDS.nobody,
        gid: 9,
    };

    /// A control plane that keeps generation 1 and has no data plane.
    fn shared(folder: &Path) -> Shared {
        let paths = api::Paths {
            run: folder.to_owned(),
            state: folder.to_owned(),
        };
        let mut engine = Engine::open(&Config {
            paths,
            roles: roles(),
        })
        .unwrap();
        let mut ruleset = Ruleset::new();
        ruleset.assign_handles(&mut 1);
        let note = Note {
            when_unix_ms: 0,
            author_uid: None,
            text: String::new(),
        };
        engine
            .store
            .amend(Kept::new(1, 100, ruleset).unwrap(), note)
            .unwrap();
        Shared {
            engine: engine::start(engine).0,
            roles: roles(),
        }
    }

    async fn authorise(shared: &Shared, peer: Option<Peer>) -> Result<Authorised, Refused> {
        let request = axum::http::Request::builder();
        let request = request
            .extension(ConnectInfo(Caller(peer)))
            .body(Body::empty())
            .unwrap();
        Authorised::from_request_parts(&mut request.into_parts().0, shared).await
    }

    /// The HTTP status and the applet's exit code of `line`, asked by `peer`.
    async fn ask(shared: &Shared, peer: Peer, line: &str) -> (u16, Option<u8>) {
        let asked = Asked(IptablesRequest {
            program: Program::Iptables,
            family: Family::Ipv4,
            args: line.split_whitespace().map(str::to_owned).collect(),
            stdin: String::new(),
        });
        let answer = match authorise(shared, Some(peer)).await {
            Ok(authorised) => iptables(authorised, State(shared.clone()), asked).await,
            Err(refused) => Err(refused),
        };
        match answer {
            Ok(Json(reply)) => (200, Some(reply.exit_code)),
            Err(Refused(status, _)) => (status.as_u16(), None),
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn roles_decide_what_may_be_done() {
        let folder = tempfile::tempdir().unwrap();
        let shared = shared(folder.path());
        assert_eq!(ask(&shared, VIEWER, "-S").await, (200, Some(0)));
        for change in ["-A INPUT -j DROP", "-Z", "-P INPUT DROP", "-N new"] {
            assert_eq!(ask(&shared, VIEWER, change).await, (403, None), "{change}");
            // There is no data plane; but that is a later question.
            assert_eq!(ask(&shared, ROOT, change).await, (200, Some(4)), "{change}");
        }
        assert_eq!(ask(&shared, NOBODY, "-S").await, (403, None));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_is_not_known_has_no_role() {
        let folder = tempfile::tempdir().unwrap();
        let shared = shared(folder.path());
        let Err(Refused(status, problem)) = authorise(&shared, None).await else {
            panic!()
        };
        assert_eq!((status, problem.status), (StatusCode::FORBIDDEN, 403));
        let Err(Refused(_, problem)) = authorise(&shared, Some(NOBODY)).await else {
            panic!()
        };
        let expected = format!("uid {} has no role, see [access] in weir.toml", NOBODY.uid);
        assert_eq!(problem.detail, expected);
    }
}

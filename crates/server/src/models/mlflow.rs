//! MLflow's own way of calling an endpoint: the path names it, and the body's fields say what is wanted.
//! <https://mlflow.org/docs/latest/genai/governance/ai-gateway/>

use domain::Dialect;
use http::Method;

use super::route::{CallRoute, Route, name};

pub(super) fn route(method: &Method, path: &str) -> Option<Route> {
    let endpoint = path.strip_prefix("/gateway/")?.strip_suffix("/mlflow/invocations")?;
    if endpoint.contains('/') {
        return None;
    }
    let route =
        Route::Call(CallRoute { dialect: Dialect::OpenaiChat, api: None, model: Some(name(endpoint)?) });
    Some(Route::post(method, route))
}

//! The routes of OpenAI's clients, under every name they have here.
//! <https://platform.openai.com/docs/api-reference>, and Azure's form of them:
//! <https://learn.microsoft.com/azure/ai-services/openai/reference>

use domain::{Api, Dialect};
use http::Method;

use super::route::{CallRoute, Route, name, strip};

const PREFIXES: [&str; 4] = ["/v1/", "/gateway/mlflow/v1/", "/gateway/openai/v1/", "/openai/v1/"];

pub(super) fn route(method: &Method, path: &str) -> Option<Route> {
    if let Some(rest) = path.strip_prefix("/openai/deployments/") {
        let (deployment, operation) = rest.split_once('/')?;
        let route = Route::Call(CallRoute {
            dialect: Dialect::OpenaiChat,
            api: Some(api(operation)?),
            model: Some(name(deployment)?),
        });
        return Some(Route::post(method, route));
    }
    let rest = strip(path, &PREFIXES)?;
    if let Some(api) = api(rest) {
        let route = Route::Call(CallRoute { dialect: Dialect::OpenaiChat, api: Some(api), model: None });
        return Some(Route::post(method, route));
    }
    let model = match rest.strip_prefix("models")? {
        "" => None,
        one => Some(name(one.strip_prefix('/')?)?),
    };
    Some(Route::get(method, Route::Models { model }))
}

fn api(operation: &str) -> Option<Api> {
    match operation {
        "chat/completions" => Some(Api::Chat),
        "embeddings" => Some(Api::Embeddings),
        _ => None,
    }
}

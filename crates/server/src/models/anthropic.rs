//! The routes of Anthropic's clients. <https://docs.anthropic.com/en/api/messages>

use domain::{Api, Dialect};
use http::Method;

use super::route::{CallRoute, Route, name, strip};

const PREFIXES: [&str; 3] = ["/v1/", "/gateway/anthropic/v1/", "/anthropic/v1/"];

pub(super) fn route(method: &Method, path: &str) -> Option<Route> {
    let rest = strip(path, &PREFIXES)?;
    let api = match rest {
        "messages" => Some(Api::Chat),
        "messages/count_tokens" => Some(Api::CountTokens),
        _ => None,
    };
    if api.is_some() {
        let route = Route::Call(CallRoute { dialect: Dialect::AnthropicMessages, api, model: None });
        return Some(Route::post(method, route));
    }
    let model = match rest.strip_prefix("models")? {
        "" => None,
        one => Some(name(one.strip_prefix('/')?)?),
    };
    Some(Route::get(method, Route::Models { model }))
}

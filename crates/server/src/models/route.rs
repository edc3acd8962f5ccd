//! Method and path → route. A plain function over strings: it runs for every request.

use std::sync::Arc;

use domain::{Api, Dialect};
use http::Method;

use super::{anthropic, mlflow, openai};

/// A route that SDKs call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Call(CallRoute),
    /// The models the caller may use, or one of them.
    Models {
        model: Option<Arc<str>>,
    },
    WrongMethod {
        dialect: Dialect,
        allow: &'static Method,
    },
}

/// A route that leads to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallRoute {
    pub(crate) dialect: Dialect,
    /// `None`: the body decides.
    pub(crate) api: Option<Api>,
    /// Where the path names the model.
    pub(crate) model: Option<Arc<str>>,
}

impl Route {
    /// In which dialect errors are told where nothing more is known.
    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Self::Call(CallRoute { dialect, .. }) | Self::WrongMethod { dialect, .. } => *dialect,
            Self::Models { .. } => Dialect::OpenaiChat,
        }
    }

    /// The route for `post`, or that it takes nothing else.
    pub(super) fn post(method: &Method, route: Self) -> Self {
        if method == Method::POST {
            return route;
        }
        Self::WrongMethod { dialect: route.dialect(), allow: &Method::POST }
    }

    pub(super) fn get(method: &Method, route: Self) -> Self {
        if method == Method::GET || method == Method::HEAD {
            return route;
        }
        Self::WrongMethod { dialect: route.dialect(), allow: &Method::GET }
    }
}

/// The model route of a request; `None` is everything else.
pub(crate) fn route(method: &Method, path: &str) -> Option<Route> {
    openai::route(method, path)
        .or_else(|| anthropic::route(method, path))
        .or_else(|| mlflow::route(method, path))
}

/// What follows the first prefix that fits.
pub(super) fn strip<'a>(path: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| path.strip_prefix(prefix))
}

/// A model name in a path, with its percent-escapes undone. Anything that is no UTF-8 names no model.
pub(super) fn name(encoded: &str) -> Option<Arc<str>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    let name = String::from_utf8(bytes).ok()?;
    (!name.is_empty()).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(dialect: Dialect, api: Api) -> Option<Route> {
        Some(Route::Call(CallRoute { dialect, api: Some(api), model: None }))
    }

    #[test]
    fn every_alias_leads_to_its_route() {
        for prefix in ["", "/gateway/mlflow", "/gateway/openai", "/openai"] {
            let chat = route(&Method::POST, &format!("{prefix}/v1/chat/completions"));
            assert_eq!(chat, call(Dialect::OpenaiChat, Api::Chat), "{prefix}");
            let embeddings = route(&Method::POST, &format!("{prefix}/v1/embeddings"));
            assert_eq!(embeddings, call(Dialect::OpenaiChat, Api::Embeddings), "{prefix}");
            let models = route(&Method::GET, &format!("{prefix}/v1/models"));
            assert_eq!(models, Some(Route::Models { model: None }), "{prefix}");
        }
        for prefix in ["", "/gateway/anthropic", "/anthropic"] {
            let messages = route(&Method::POST, &format!("{prefix}/v1/messages"));
            assert_eq!(messages, call(Dialect::AnthropicMessages, Api::Chat), "{prefix}");
            let count = route(&Method::POST, &format!("{prefix}/v1/messages/count_tokens"));
            assert_eq!(count, call(Dialect::AnthropicMessages, Api::CountTokens), "{prefix}");
        }
    }

    #[test]
    fn a_model_in_a_path_may_have_slashes() {
        let named = |path| match route(&Method::GET, path) {
            Some(Route::Models { model: Some(model) }) => model.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(named("/v1/models/openai/gpt-5"), "openai/gpt-5");
        assert_eq!(named("/v1/models/openai%2Fgpt-5"), "openai/gpt-5");
    }

    #[test]
    fn deployments_and_invocations_name_their_model() {
        let model = Some("chat".into());
        assert_eq!(
            route(&Method::POST, "/openai/deployments/chat/chat/completions"),
            Some(Route::Call(CallRoute {
                dialect: Dialect::OpenaiChat,
                api: Some(Api::Chat),
                model: model.clone()
            }))
        );
        assert_eq!(
            route(&Method::POST, "/gateway/chat/mlflow/invocations"),
            Some(Route::Call(CallRoute { dialect: Dialect::OpenaiChat, api: None, model }))
        );
    }

    #[test]
    fn a_wrong_method_is_not_a_wrong_path() {
        assert!(matches!(
            route(&Method::GET, "/v1/messages"),
            Some(Route::WrongMethod { dialect: Dialect::AnthropicMessages, .. })
        ));
        assert!(matches!(route(&Method::DELETE, "/v1/models"), Some(Route::WrongMethod { .. })));
    }

    #[test]
    fn everything_else_is_elsewhere() {
        for path in
            ["/", "/v1", "/v1/chat", "/api/v1/calls", "/healthz", "/v1/chat/completions/x", "/gateway/v1"]
        {
            assert_eq!(route(&Method::POST, path), None, "{path}");
        }
    }
}

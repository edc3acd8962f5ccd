//! How routes come to be: each with a method, a path, and what it asks of its caller.

use std::collections::BTreeMap;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};
use domain::Permission;

use super::super::{AdminState, problem};
use super::guard::guard;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::admin) enum Access {
    /// Nothing: what it takes shows who they are.
    Open,
    /// That they are somebody.
    Anybody,
    May(Permission),
    /// That nothing is kept from them: what the route gives away opens everything.
    Administrator,
}

/// A route as it was declared.
#[derive(Debug, Clone)]
pub(in crate::admin) struct Declared {
    pub(in crate::admin) method: Method,
    pub(in crate::admin) path: &'static str,
    pub(in crate::admin) access: Access,
}

/// Routes, each behind its guard.
pub(in crate::admin) struct Routes {
    /// What they work on; without it they are only listed.
    state: Option<AdminState>,
    declared: Vec<Declared>,
    paths: BTreeMap<&'static str, MethodRouter<AdminState>>,
}

impl Routes {
    pub(in crate::admin) fn new(state: Option<AdminState>) -> Self {
        Self { state, declared: Vec::new(), paths: BTreeMap::new() }
    }

    pub(in crate::admin) fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        self.declare(Method::GET, MethodFilter::GET, path, access, handler)
    }

    pub(in crate::admin) fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        self.declare(Method::POST, MethodFilter::POST, path, access, handler)
    }

    pub(in crate::admin) fn put<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        self.declare(Method::PUT, MethodFilter::PUT, path, access, handler)
    }

    pub(in crate::admin) fn patch<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        self.declare(Method::PATCH, MethodFilter::PATCH, path, access, handler)
    }

    pub(in crate::admin) fn delete<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        self.declare(Method::DELETE, MethodFilter::DELETE, path, access, handler)
    }

    fn declare<H, T>(
        mut self,
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        self.declared.push(Declared { method, path, access });
        let Some(state) = &self.state else { return self };
        let guard = middleware::from_fn_with_state((state.clone(), access), guard);
        // Around the handler only: a method that the path does not have is told so before anybody logs in.
        let route = on(filter, handler).route_layer(guard);
        let at_path = self.paths.remove(path).unwrap_or_default();
        self.paths.insert(path, at_path.merge(route));
        self
    }

    pub(in crate::admin) fn declared(&self) -> &[Declared] {
        &self.declared
    }

    pub(in crate::admin) fn into_router(self, state: &AdminState) -> Router {
        let router = self.paths.into_iter().fold(Router::new(), |router, (path, at)| router.route(path, at));
        router.method_not_allowed_fallback(problem::wrong_method).with_state(state.clone())
    }
}

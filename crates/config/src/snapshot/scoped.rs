//! Things by project and name. A name is looked for in a project of one's own first, then in the project `default`,
//! whose objects are everybody's.

use std::collections::HashMap;
use std::ops::Index;
use std::sync::Arc;

use domain::{ProjectId, Scope};

#[derive(Debug, Clone)]
pub struct Scoped<T> {
    /// Of the project `default`, which most gateways have nothing beside.
    shared: HashMap<Arc<str>, T>,
    others: HashMap<ProjectId, HashMap<Arc<str>, T>>,
}

impl<T> Default for Scoped<T> {
    fn default() -> Self {
        Self { shared: HashMap::new(), others: HashMap::new() }
    }
}

impl<T> Scoped<T> {
    /// What `name` means to somebody in `project`.
    pub fn get(&self, project: ProjectId, name: &str) -> Option<&T> {
        if project != Scope::DEFAULT.project
            && let Some(own) = self.others.get(&project).and_then(|own| own.get(name))
        {
            return Some(own);
        }
        self.shared.get(name)
    }

    /// What has this name in exactly this project.
    pub fn within(&self, project: ProjectId, name: &str) -> Option<&T> {
        self.of(project)?.get(name)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.shared.contains_key(name)
    }

    /// Everything that somebody in `project` can mean: its own first, then what is everybody's and not hidden by it.
    pub fn visible(&self, project: ProjectId) -> impl Iterator<Item = (&Arc<str>, &T)> {
        let own = if project == Scope::DEFAULT.project { None } else { self.others.get(&project) };
        let shared =
            self.shared.iter().filter(move |(name, _)| own.is_none_or(|own| !own.contains_key(*name)));
        own.into_iter().flatten().chain(shared)
    }

    /// Everything in exactly this project.
    pub fn names(&self, project: ProjectId) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.of(project).into_iter().flatten()
    }

    pub fn iter(&self) -> impl Iterator<Item = (ProjectId, &Arc<str>, &T)> {
        let shared = self.shared.iter().map(|(name, value)| (Scope::DEFAULT.project, name, value));
        let others = self.others.iter();
        shared
            .chain(others.flat_map(|(project, own)| own.iter().map(|(name, value)| (*project, name, value))))
    }

    /// Whether the name was free in this project. What is there stays.
    pub(crate) fn insert(&mut self, project: ProjectId, name: Arc<str>, value: T) -> bool {
        let of_project = if project == Scope::DEFAULT.project {
            &mut self.shared
        } else {
            self.others.entry(project).or_default()
        };
        let free = !of_project.contains_key(&name);
        if free {
            of_project.insert(name, value);
        }
        free
    }

    fn of(&self, project: ProjectId) -> Option<&HashMap<Arc<str>, T>> {
        if project == Scope::DEFAULT.project { Some(&self.shared) } else { self.others.get(&project) }
    }
}

/// Of the project `default`, where somebody knows that it is there.
impl<T> Index<&str> for Scoped<T> {
    type Output = T;

    fn index(&self, name: &str) -> &T {
        &self.shared[name]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_comes_first_and_nobody_else_s_is_seen() {
        let (web, other) = (ProjectId(7), ProjectId(8));
        let shared = Scope::DEFAULT.project;
        let mut scoped = Scoped::default();
        assert!(scoped.insert(shared, "a".into(), 1) && scoped.insert(shared, "b".into(), 2));
        assert!(scoped.insert(web, "a".into(), 3) && scoped.insert(web, "c".into(), 4));
        assert!(!scoped.insert(web, "a".into(), 5), "what is there stays");
        let check =
            |project, name, expected: Option<i32>| assert_eq!(scoped.get(project, name).copied(), expected);
        check(web, "a", Some(3));
        check(web, "b", Some(2));
        check(web, "c", Some(4));
        check(other, "a", Some(1));
        check(other, "c", None);
        check(shared, "a", Some(1));
        check(shared, "c", None);
        assert_eq!(scoped.within(web, "b"), None);
        let mut visible: Vec<_> = scoped.visible(web).map(|(name, value)| (&**name, *value)).collect();
        visible.sort_unstable();
        assert_eq!(visible, [("a", 3), ("b", 2), ("c", 4)]);
        assert_eq!(scoped.iter().count(), 4);
    }
}

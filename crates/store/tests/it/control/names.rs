//! A name is unique per kind and project, and for teams and projects per organization.

use domain::{DEFAULT_NAME, ObjectId, ObjectKind, ProjectId, Scope, TeamId};
use store::{NewObject, StoreError};

use super::{ALL, apply, credential, delete, object, put};
use crate::backend::each;

/// A project in the default team.
pub(crate) fn project(name: &str) -> NewObject {
    let mut project = object(ObjectKind::Project, name);
    project.scope.project = ProjectId(project.id.0);
    project
}

#[test]
fn a_name_is_taken_in_its_project_only() {
    each(|pair| async move {
        let web = project("web");
        let mut theirs = credential("openai");
        theirs.id = ObjectId(99);
        apply(&*pair.one.control, &[put(&web), put(&credential("openai"))]).await.unwrap();
        let taken = apply(&*pair.two.control, &[put(&theirs)]).await;
        let Err(error @ StoreError::Exists { .. }) = taken else { panic!("{taken:?}") };
        assert!(error.to_string().starts_with("credential `openai` exists already"), "{error}");

        theirs.scope = web.scope;
        apply(&*pair.two.control, &[put(&theirs)]).await.unwrap();
        let mut endpoint = object(ObjectKind::Endpoint, "openai");
        endpoint.id = ObjectId(100);
        apply(&*pair.two.control, &[put(&endpoint)]).await.unwrap();

        let find = |scope, kind| pair.one.control.find(ALL, kind, scope, "openai");
        let id = |found: Option<store::StoredObject>| found.unwrap().id;
        assert_eq!(id(find(Scope::DEFAULT, ObjectKind::Credential).await.unwrap()), credential("openai").id);
        assert_eq!(id(find(web.scope, ObjectKind::Credential).await.unwrap()), ObjectId(99));
        assert_eq!(find(web.scope, ObjectKind::Key).await.unwrap(), None);
    });
}

#[test]
fn two_projects_of_an_organization_have_two_names() {
    each(|pair| async move {
        let mut other = project("web");
        other.id = ObjectId(5);
        other.scope = Scope { team: TeamId(3), project: ProjectId(5), ..Scope::DEFAULT };
        apply(&*pair.one.control, &[put(&project("web"))]).await.unwrap();
        let taken = apply(&*pair.two.control, &[put(&other)]).await;
        assert!(matches!(taken, Err(StoreError::Exists { .. })), "{taken:?}");
        let found = pair.two.control.find(ALL, ObjectKind::Project, Scope::DEFAULT, "web").await.unwrap();
        assert_eq!(found.unwrap().id, project("web").id);
    });
}

#[test]
fn a_rename_frees_the_old_name_and_a_batch_may_hand_it_on() {
    each(|pair| async move {
        let mut first = credential("main");
        apply(&*pair.one.control, &[put(&first)]).await.unwrap();
        first.name = "old".to_owned();
        let mut second = credential("main");
        second.id = ObjectId(77);
        let writes = [put(&first), put(&second)];
        let committed = apply(&*pair.two.control, &writes).await.unwrap();
        assert_eq!(committed.objects.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["old", "main"]);
        let gone_first = [delete(&second), put(&NewObject { id: ObjectId(78), ..second.clone() })];
        apply(&*pair.one.control, &gone_first).await.unwrap();
    });
}

#[test]
fn the_default_team_and_project_are_built_in() {
    each(|pair| async move {
        let named = project(DEFAULT_NAME);
        let mut numbered = project("mine");
        numbered.id = ObjectId(Scope::DEFAULT.project.0);
        for built_in in [named, numbered.clone()] {
            let refused = apply(&*pair.one.control, &[put(&built_in)]).await;
            assert!(matches!(refused, Err(StoreError::Exists { .. })), "{refused:?}");
        }
        let refused = apply(&*pair.one.control, &[delete(&numbered)]).await;
        assert!(matches!(refused, Err(StoreError::InUse { .. })), "{refused:?}");
    });
}

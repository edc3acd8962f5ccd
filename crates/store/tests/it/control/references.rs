//! What is used cannot go away, and nothing refers to what is not there.

use domain::{ObjectId, ObjectKind, ProjectId, Scope, TeamId};
use store::{NewObject, ObjectUse, StoreError, Within};

use super::names::project;
use super::{ALL, apply, apply_within, credential, delete, object, put};
use crate::backend::each;

fn endpoint(name: &str, references: &[ObjectId]) -> NewObject {
    NewObject { references: references.to_vec(), ..object(ObjectKind::Endpoint, name) }
}

fn user_of(object: &NewObject) -> ObjectUse {
    ObjectUse { kind: object.kind, id: object.id, name: object.name.clone() }
}

#[test]
fn what_is_used_is_not_deleted_and_the_error_names_who_uses_it() {
    each(|pair| async move {
        let openai = credential("openai");
        let (a, b) = (endpoint("a", &[openai.id]), endpoint("b", &[openai.id]));
        apply(&*pair.one.control, &[put(&openai), put(&a), put(&b)]).await.unwrap();
        let refused = apply(&*pair.two.control, &[delete(&openai)]).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "credential `openai` is still used by endpoint `a`, endpoint `b`; change that first"
        );
        let StoreError::InUse { by, elsewhere: 0, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(by, [user_of(&a), user_of(&b)]);
        assert_eq!(pair.two.control.users_of(ALL, openai.id).await.unwrap(), by);

        // Together they may go, in whatever order.
        apply(&*pair.two.control, &[delete(&openai), put(&endpoint("a", &[])), delete(&b)]).await.unwrap();
        assert!(pair.one.control.users_of(ALL, openai.id).await.unwrap().is_empty());
    });
}

#[test]
fn a_reference_leads_somewhere() {
    each(|pair| async move {
        let openai = credential("openai");
        let chat = endpoint("chat", &[openai.id]);
        let refused = apply(&*pair.one.control, &[put(&chat)]).await;
        let Err(StoreError::MissingReference { object, id }) = refused else { panic!("{refused:?}") };
        assert_eq!((object.as_str(), id), ("endpoint `chat`", openai.id));
        assert_eq!(pair.one.control.revision().await.unwrap(), 0);
        // What is referred to may come later in the same call; the default project is always there.
        let chat = endpoint("chat", &[openai.id, ObjectId(Scope::DEFAULT.project.0)]);
        apply(&*pair.one.control, &[put(&chat), put(&openai)]).await.unwrap();
    });
}

#[test]
fn an_object_of_another_project_is_not_there_unless_it_is_everybodys() {
    each(|pair| async move {
        let (web, batch) = (project("web"), project("batch"));
        let theirs = NewObject { scope: batch.scope, ..credential("theirs") };
        let everybodys = credential("everybodys");
        apply(&*pair.one.control, &[put(&web), put(&batch), put(&theirs), put(&everybodys)]).await.unwrap();
        let mine = |references: &[ObjectId]| NewObject { scope: web.scope, ..endpoint("mine", references) };
        let refused = apply(&*pair.two.control, &[put(&mine(&[theirs.id]))]).await;
        assert!(matches!(refused, Err(StoreError::MissingReference { .. })), "{refused:?}");
        apply(&*pair.two.control, &[put(&mine(&[everybodys.id, web.id]))]).await.unwrap();

        // Nor may it be moved away from those who use it.
        let moved = NewObject { scope: batch.scope, ..everybodys.clone() };
        let refused = apply(&*pair.two.control, &[put(&moved)]).await.unwrap_err();
        assert!(refused.to_string().starts_with("credential `everybodys` is still used by endpoint `mine`"));

        // Whoever may not see who uses it hears that somebody does.
        let batch_only = Within::project(batch.scope);
        assert!(pair.two.control.users_of(batch_only, everybodys.id).await.unwrap().is_empty());
        let default_only = Within::project(Scope::DEFAULT);
        let refused =
            apply_within(&*pair.two.control, default_only, &[delete(&everybodys)]).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "credential `everybodys` is still used by one other; change that first"
        );
    });
}

#[test]
fn a_project_with_something_in_it_stays_where_it_is() {
    each(|pair| async move {
        let mut web = project("web");
        let inside = NewObject { scope: web.scope, ..credential("inside") };
        apply(&*pair.one.control, &[put(&web), put(&inside)]).await.unwrap();
        let refused = apply(&*pair.two.control, &[delete(&web)]).await.unwrap_err();
        assert!(
            refused.to_string().contains("project `web` is still used by credential `inside`"),
            "{refused}"
        );

        let mut team = object(ObjectKind::Team, "red");
        team.scope = Scope { team: TeamId(team.id.0), project: ProjectId(0), ..Scope::DEFAULT };
        web.scope.team = TeamId(team.id.0);
        let refused = apply(&*pair.two.control, &[put(&team), put(&web)]).await;
        assert!(matches!(refused, Err(StoreError::InUse { .. })), "{refused:?}");
        apply(&*pair.two.control, &[put(&team), put(&web), delete(&inside)]).await.unwrap();
        let refused = apply(&*pair.two.control, &[delete(&team)]).await.unwrap_err();
        assert!(refused.to_string().contains("team `red` is still used by project `web`"), "{refused}");
    });
}

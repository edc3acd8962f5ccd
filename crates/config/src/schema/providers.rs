//! `providers:`, which is also the form of the built-in catalogue.

use super::auth::Auth;
use super::reading::Reading;
use super::shape::MOST_ITEMS;
use super::targets::DialectName;
use super::value::{BaseUrl, Name};
use super::{Field, Located, Shape};
use crate::tree::{Content, Node};

section! {
    /// A company or service with an API.
    Provider is "a provider", later [];
    /// How credentials and prices refer to it.
    required name: Located<Name>;
    /// The dialects it speaks, most native first, each with what the vendor's SDK takes as base URL; a list of
    /// dialects where every credential brings its own `base_url`.
    required dialects: Located<Dialects>;
    /// How its key is sent.
    default auth: Auth = Auth::Bearer;
    /// What it offers to callers of the dialect `openai-chat`.
    default apis: Vec<ApiName> = ApiName::ALL.to_vec();
}

choice! {
    /// An operation.
    ApiName { Chat = "chat", Embeddings = "embeddings" } later ["responses", "images", "audio", "rerank", "moderations"]
}

impl ApiName {
    const ALL: [Self; 2] = [Self::Chat, Self::Embeddings];
}

/// Each dialect of a provider with its base URL, where the provider has one of its own.
#[derive(Debug)]
pub(crate) struct Dialects(pub(crate) Vec<(DialectName, Option<BaseUrl>)>);

impl Field for Dialects {
    fn shape() -> Shape {
        let names = &["openai-chat", "anthropic-messages"];
        Shape::Either(vec![
            Shape::Table { keys: names, of: Box::new(BaseUrl::shape()) },
            Shape::List {
                of: Box::new(DialectName::shape()),
                filled: true,
                distinct: false,
                most: Some(MOST_ITEMS),
            },
        ])
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let Content::Section(entries) = &node.content else {
            let names: Vec<DialectName> = reading.items(node, true, Some(MOST_ITEMS))?;
            return Some(Self(names.into_iter().map(|name| (name, None)).collect()));
        };
        if entries.is_empty() {
            reading.error(node, "expected at least one dialect with its base URL");
            return None;
        }
        let mut dialects = Vec::with_capacity(entries.len());
        for entry in entries {
            let before = reading.enter_key(&entry.key);
            let name = DialectName::read(&entry.key_node(), reading);
            let url = BaseUrl::read(&entry.value, reading);
            reading.leave(before);
            if let (Some(name), Some(url)) = (name, url) {
                dialects.push((name, Some(url)));
            }
        }
        Some(Self(dialects))
    }
}

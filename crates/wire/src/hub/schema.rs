//! JSON schemas, as far as providers disagree about them. They are edited as text: what is not touched keeps its
//! bytes, its digits and its order, so that a provider's prompt cache still recognises it.

use super::json::Json;
use crate::fields::{Fields, Path, Value};
use crate::writer::{self, Array, Object};

/// Every level is read anew, so the levels are counted; no schema that a model could follow nests deeper.
const DEPTH_MAX: u32 = 32;

/// Members that hold a map of schemas, a schema, or a list of schemas.
const MAPS: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];
const SINGLES: [&str; 2] = ["items", "not"];
const LISTS: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];

/// The schema with `additionalProperties: false` on every object, and whether anything was changed for it. Anthropic
/// refuses structured output without.
pub(crate) fn close_objects(schema: &Json) -> (Json, bool) {
    let mut changed = false;
    let closed = schema.value().and_then(|value| rewrite(value, 0, &mut changed));
    match closed {
        Some(closed) if changed => (closed, true),
        _ => (schema.clone(), false),
    }
}

fn rewrite(schema: Value<'_>, depth: u32, changed: &mut bool) -> Option<Json> {
    if depth == DEPTH_MAX {
        return None;
    }
    let fields = schema.fields(&Path::Root)?;
    let is_object = describes_object(&fields);
    let mut closed = false;
    let json = writer::json_object(|object| {
        for (name, value) in fields.iter() {
            if name == "additionalProperties" && is_object {
                closed = true;
                *changed |= value.raw() != "false";
                object.boolean(name, false);
            } else if MAPS.contains(&name) {
                rewrite_map(object, name, value, depth, changed);
            } else if SINGLES.contains(&name) {
                rewrite_into(object.key(name), value, depth, changed);
            } else if LISTS.contains(&name) {
                rewrite_list(object, name, value, depth, changed);
            } else {
                object.raw(name, value.raw());
            }
        }
        if is_object && !closed {
            *changed = true;
            object.boolean("additionalProperties", false);
        }
    });
    Some(json)
}

fn rewrite_map(object: &mut Object<'_>, name: &str, value: Value<'_>, depth: u32, changed: &mut bool) {
    let Some(members) = value.fields(&Path::Root) else {
        object.raw(name, value.raw());
        return;
    };
    object.object(name, |map| {
        members.iter().for_each(|(name, schema)| rewrite_into(map.key(name), schema, depth, changed));
    });
}

fn rewrite_list(object: &mut Object<'_>, name: &str, value: Value<'_>, depth: u32, changed: &mut bool) {
    let Some(items) = value.items() else {
        object.raw(name, value.raw());
        return;
    };
    object.array(name, |list: &mut Array<'_>| {
        items.into_iter().for_each(|schema| rewrite_into(list.item(), schema, depth, changed));
    });
}

fn rewrite_into(out: &mut Vec<u8>, schema: Value<'_>, depth: u32, changed: &mut bool) {
    match rewrite(schema, depth + 1, changed) {
        Some(json) => out.extend_from_slice(json.as_str().as_bytes()),
        None => out.extend_from_slice(schema.raw().as_bytes()),
    }
}

/// Whether OpenAI takes the schema in strict mode: every object is closed and requires all its properties.
pub(crate) fn is_strict(schema: &Json) -> bool {
    schema.value().is_some_and(|value| strict(value, 0))
}

fn strict(schema: Value<'_>, depth: u32) -> bool {
    if depth == DEPTH_MAX {
        return false;
    }
    let Some(fields) = schema.fields(&Path::Root) else {
        return true;
    };
    if describes_object(&fields) {
        let closed = fields.peek("additionalProperties").and_then(Value::flag) == Some(false);
        let required: Vec<_> = fields
            .peek("required")
            .and_then(Value::items)
            .unwrap_or_default()
            .into_iter()
            .filter_map(Value::text)
            .collect();
        let properties = fields.peek("properties").and_then(|value| value.fields(&Path::Root));
        let all_required = properties.is_none_or(|properties| {
            properties.iter().all(|(name, _)| required.iter().any(|known| known == name))
        });
        if !closed || !all_required {
            return false;
        }
    }
    fields.iter().all(|(name, value)| {
        if MAPS.contains(&name) {
            value
                .fields(&Path::Root)
                .is_none_or(|map| map.iter().all(|(_, schema)| strict(schema, depth + 1)))
        } else if SINGLES.contains(&name) {
            strict(value, depth + 1)
        } else if LISTS.contains(&name) {
            value.items().unwrap_or_default().into_iter().all(|schema| strict(schema, depth + 1))
        } else {
            true
        }
    })
}

fn describes_object(fields: &Fields<'_, '_>) -> bool {
    match fields.peek("type") {
        Some(kind) if kind.is_string() => kind.text().as_deref() == Some("object"),
        Some(kinds) => {
            kinds.items().unwrap_or_default().into_iter().any(|kind| kind.text().as_deref() == Some("object"))
        }
        None => fields.peek("properties").is_some(),
    }
}

/// Parameters for a target that wants an object schema with a `type`.
pub(crate) fn object_parameters(parameters: Option<&Json>) -> Json {
    let empty = || Json::of_checked(r#"{"type":"object","properties":{}}"#);
    let Some(value) = parameters.and_then(Json::value) else {
        return empty();
    };
    match value.fields(&Path::Root) {
        Some(fields) if fields.peek("type").is_some() => value.to_json(),
        Some(fields) if fields.iter().next().is_some() => writer::json_object(|object| {
            object.string("type", "object");
            fields.iter().for_each(|(name, value)| object.raw(name, value.raw()));
        }),
        _ => empty(),
    }
}

/// The object without one of its members, or nothing when it is not there.
pub(crate) fn without_member(json: &Json, name: &str) -> Option<Json> {
    let fields = json.value()?.fields(&Path::Root)?;
    fields.iter().any(|(known, _)| known == name).then(|| {
        writer::json_object(|object| {
            let others = fields.iter().filter(|(known, _)| *known != name);
            others.for_each(|(name, value)| object.raw(name, value.raw()));
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    #[test]
    fn objects_are_closed_at_every_level_and_nothing_else_changes() {
        let open = r#"{"type":"object","properties":{"n":{"type":"number","minimum":1.50},"l":{"type":"array","items":{"type":"object","properties":{}}},"p":{"type":"string"}},"$defs":{"d":{"anyOf":[{"properties":{}},{"type":"null"}],"additionalProperties":true}}}"#;
        let closed = r#"{"type":"object","properties":{"n":{"type":"number","minimum":1.50},"l":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false}},"p":{"type":"string"}},"$defs":{"d":{"anyOf":[{"properties":{},"additionalProperties":false},{"type":"null"}],"additionalProperties":true}},"additionalProperties":false}"#;
        assert_eq!(close_objects(&json(open)), (json(closed), true));
        assert_eq!(close_objects(&json(closed)), (json(closed), false));
        let spaced = r#"{ "type" : "object", "additionalProperties" : false }"#;
        assert_eq!(close_objects(&json(spaced)), (json(spaced), false));
    }

    #[test]
    fn a_property_called_like_a_keyword_is_a_property() {
        let schema = r#"{"type":"object","properties":{"properties":{"type":"object","additionalProperties":false},"items":{"type":"string"}},"required":["properties","items"],"additionalProperties":false}"#;
        assert_eq!(close_objects(&json(schema)), (json(schema), false));
        assert!(is_strict(&json(schema)));
    }

    #[test]
    fn strict_needs_closed_objects_that_require_everything() {
        assert!(is_strict(&json(
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#
        )));
        assert!(!is_strict(&json(
            r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#
        )));
        assert!(!is_strict(&json(r#"{"type":"object","properties":{},"required":[]}"#)));
        assert!(!is_strict(&json(
            r#"{"type":"array","items":{"type":["object","null"],"properties":{"a":{}}}}"#
        )));
    }

    #[test]
    fn parameters_become_an_object_schema() {
        let empty = r#"{"type":"object","properties":{}}"#;
        assert_eq!(object_parameters(None).as_str(), empty);
        assert_eq!(object_parameters(Some(&json("{}"))).as_str(), empty);
        assert_eq!(
            object_parameters(Some(&json(r#"{"properties":{"a":{}}}"#))).as_str(),
            r#"{"type":"object","properties":{"a":{}}}"#
        );
        let spaced = r#"{ "type": "object" }"#;
        assert_eq!(object_parameters(Some(&json(spaced))).as_str(), spaced);
    }

    #[test]
    fn a_member_is_taken_out_alone() {
        assert_eq!(
            without_member(&json(r#"{"$schema":"x","a":1.0}"#), "$schema"),
            Some(json(r#"{"a":1.0}"#))
        );
        assert_eq!(without_member(&json(r#"{"a":1}"#), "$schema"), None);
    }
}

//! `section!` declares a section once: its struct as written, how it is read and how it describes itself.
//! `choice!` does the same for a field that holds one of some words.

use serde_json::Value;

use super::{Reading, Shape};
use crate::tree::Node;

/// Something that a field can hold.
pub(crate) trait Field: Sized {
    fn shape() -> Shape;

    /// The value, or `None` after reporting why there is none.
    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self>;

    /// How a person would write this value, where it fits in one scalar or a list of them.
    fn written(&self) -> Option<Value> {
        None
    }
}

/// ```text
/// section! {
///     /// What it is for.
///     Caps is "`caps`", later ["connections"];
///     /// What the field does.
///     required name: Name;              // Option<Name>; `None` has been reported
///     optional proxy: Text;             // Option<Text>
///     default body: Size = Size(1024);  // Size
/// }
/// ```
macro_rules! section {
    (
        $(#[doc = $doc:literal])*
        $name:ident is $title:literal, later $later:tt;
        $(
            $(#[doc = $field_doc:literal])*
            $mode:ident $field:ident : $type:ty $(= $default:expr)?;
        )*
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $name {
            $($(#[doc = $field_doc])* pub(crate) $field: section!(@type $mode $type),)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: section!(@default $mode $($default)?),)* }
            }
        }

        impl $name {
            /// The type's name, which is also its name in the JSON Schema.
            pub(crate) const NAME: &'static str = stringify!($name);
            const TITLE: &'static str = $title;
            const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];
            const LATER: &'static [&'static str] = &$later;

            fn description() -> $crate::schema::Description {
                $crate::schema::Description {
                    name: Self::NAME,
                    docs: &[$($doc),*],
                    fields: vec![$($crate::schema::FieldDescription {
                        key: stringify!($field),
                        docs: &[$($field_doc),*],
                        shape: <$type as $crate::schema::Field>::shape(),
                        presence: section!(@presence $mode $type $(= $default)?),
                    },)*],
                    later: Self::LATER,
                }
            }
        }

        impl $crate::schema::Field for $name {
            fn shape() -> $crate::schema::Shape {
                $crate::schema::Shape::Section(Self::description)
            }

            fn read(
                node: &$crate::tree::Node,
                reading: &mut $crate::schema::Reading<'_>,
            ) -> Option<Self> {
                reading.section(node, Self::TITLE, Self::KEYS, Self::LATER)?;
                let mut section = Self::default();
                $(section!(@read $mode section $field reading node);)*
                Some(section)
            }
        }
    };

    (@type required $type:ty) => { Option<$type> };
    (@type optional $type:ty) => { Option<$type> };
    (@type default $type:ty) => { $type };

    (@default required) => { None };
    (@default optional) => { None };
    (@default default $default:expr) => { $default };

    (@presence required $type:ty) => { $crate::schema::Presence::Required };
    (@presence optional $type:ty) => { $crate::schema::Presence::Optional };
    (@presence default $type:ty = $default:expr) => {{
        let default: $type = $default;
        $crate::schema::Presence::Default($crate::schema::Field::written(&default))
    }};

    (@read required $section:ident $field:ident $reading:ident $node:ident) => {
        $section.$field = $reading.required($node, Self::TITLE, stringify!($field), Self::LATER)
    };
    (@read optional $section:ident $field:ident $reading:ident $node:ident) => {
        $section.$field = $reading.optional($node, stringify!($field))
    };
    (@read default $section:ident $field:ident $reading:ident $node:ident) => {
        if let Some(value) = $reading.optional($node, stringify!($field)) {
            $section.$field = value;
        }
    };
}

/// ```text
/// choice! {
///     /// What is chosen.
///     Strategy { Weighted = "weighted" } later ["priority"]
/// }
/// ```
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        $name:ident { $($variant:ident = $word:literal),* $(,)? } later [$($later:literal),*]
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($variant),* }

        impl $name {
            const WORDS: &[&str] = &[$($word),*];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl $crate::schema::Field for $name {
            fn shape() -> $crate::schema::Shape {
                $crate::schema::Shape::Choice(Self::WORDS)
            }

            fn read(
                node: &$crate::tree::Node,
                reading: &mut $crate::schema::Reading<'_>,
            ) -> Option<Self> {
                match reading.choice(node, Self::WORDS, &[$($later),*])?.as_str() {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }

            fn written(&self) -> Option<serde_json::Value> {
                Some(self.word().into())
            }
        }
    };
}

//! The life of a model request, one file per stage.

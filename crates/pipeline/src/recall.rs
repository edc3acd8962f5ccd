//! Stage *recall*: answers from the reply cache. No cache can be configured yet, and so every call is a miss. The
//! stage stands here so that the order is fixed: after *screen*, and before *plan*, since a hit needs no target.

use crate::Reply;
use crate::decode::Decoded;

pub(crate) const fn recall(_request: &Decoded<'_>) -> Option<Reply> {
    None
}

//! The structs of `abi` lie in memory as prost's do, which is what upstream's plugins were compiled
//! with. Nothing promises it; this notices when a compiler or prost changes it.

use jobworkerp_client::abi;
use std::mem::{align_of, offset_of, size_of};

mod prost_made {
    include!(concat!(env!("OUT_DIR"), "/legacy.rs"));
}

/// Size, alignment and the fields' offsets of a struct.
macro_rules! layout {
    ($type:ty: $($field:ident),*) => {
        (size_of::<$type>(), align_of::<$type>(), [$(offset_of!($type, $field)),*])
    };
}

/// Compares one struct of both sides.
macro_rules! same_layout {
    ($name:ident: $($field:ident),*) => {
        assert_eq!(
            layout!(abi::$name: $($field),*),
            layout!(prost_made::$name: $($field),*)
        );
    };
}

#[test]
fn structs_lie_as_prosts_do() {
    same_layout!(MethodSchema: args_proto, result_proto, description, output_type, need_feed, feed_data_proto);
    same_layout!(MethodJsonSchema: args_schema, result_schema, feed_data_schema);
    same_layout!(Trailer: metadata);
    same_layout!(ResultOutputItem: item);
}

#[test]
fn kinds_of_items_have_the_same_numbers() {
    use abi::result_output_item::Item as Ours;
    use prost_made::result_output_item::Item as Theirs;
    let ours = [
        Ours::Data(vec![]),
        Ours::End(Default::default()),
        Ours::FinalCollected(vec![]),
    ];
    let theirs = [
        Theirs::Data(vec![]),
        Theirs::End(Default::default()),
        Theirs::FinalCollected(vec![]),
    ];
    for (ours, theirs) in ours.iter().zip(&theirs) {
        // The one way to a discriminant without a number of its own that both types share.
        let ours = format!("{:?}", std::mem::discriminant(ours));
        let theirs = format!("{:?}", std::mem::discriminant(theirs));
        assert_eq!(ours, theirs);
    }
}

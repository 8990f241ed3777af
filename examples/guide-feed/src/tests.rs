//! The plugin fed by hand, as a host would.

use super::*;

fn chunk(pcm: &[u8]) -> Vec<u8> {
    AudioChunk { pcm: pcm.to_vec() }.encode_to_vec()
}

/// A plugin whose stream has begun with windows of two bytes, and the sender of its feed.
fn begun() -> (MyFeedPlugin, Sender<Vec<u8>>) {
    let mut plugin = MyFeedPlugin::default();
    plugin.load(Vec::new()).unwrap();
    let feed = plugin.setup_feed_channel(None).unwrap();
    let args = AudioArgs { window: 2 }.encode_to_vec();
    plugin.begin_stream(args, HashMap::new(), None).unwrap();
    (plugin, feed)
}

/// Peak and bytes of the next window.
fn next(plugin: &mut MyFeedPlugin) -> Option<(u32, u32)> {
    let level = plugin.receive_stream().unwrap()?;
    let AudioLevel { peak, bytes } = AudioLevel::decode(level.as_slice()).unwrap();
    Some((peak, bytes))
}

#[test]
fn windows_do_not_mind_where_chunks_end() {
    let (mut plugin, feed) = begun();
    for pcm in [&[1, 9, 3][..], &[4], &[5]] {
        feed.try_send(chunk(pcm)).unwrap();
    }
    drop(feed);
    let windows: Vec<_> = std::iter::from_fn(|| next(&mut plugin)).collect();
    assert_eq!(windows, [(9, 2), (4, 2), (5, 1)]);
}

#[test]
fn a_feed_that_comes_late_is_waited_for() {
    let (mut plugin, feed) = begun();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        feed.try_send(chunk(&[7, 8])).unwrap();
    });
    assert_eq!(next(&mut plugin), Some((8, 2)));
    assert_eq!(next(&mut plugin), None);
    late.join().unwrap();
}

fn main() -> Result<(), bulkhead_build::Error> {
    bulkhead_build::configure().compile_protos(
        &[
            "protobuf/audio_args.proto",
            "protobuf/audio_chunk.proto",
            "protobuf/audio_level.proto",
        ],
        &["protobuf"],
    )
}

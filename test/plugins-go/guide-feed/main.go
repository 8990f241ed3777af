// Answers the peak of each window of the audio that it is fed: the twin of examples/guide-feed.
package main

import (
	"context"
	"embed"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	"bulkhead.test/plugins"
	"bulkhead.test/plugins/wire/audio"
	"bulkhead.test/plugins/wire/process"
)

//go:embed protobuf
var protobuf embed.FS

type runner struct{ plugins.Simple }

func text(name string) string {
	bytes, err := protobuf.ReadFile("protobuf/" + name + ".proto")
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

func (runner) Describe() *process.DescribeResponse {
	chunk := text("audio_chunk")
	run := &process.Method{
		ArgsProto:     text("audio_args"),
		ResultProto:   text("audio_level"),
		OutputType:    plugins.Streaming,
		NeedFeed:      true,
		FeedDataProto: &chunk,
	}
	return &process.DescribeResponse{Name: "MyFeedPlugin", Methods: map[string]*process.Method{"run": run}}
}

func (runner) Run(context.Context, *process.Call) ([]byte, map[string]string, error) {
	return nil, nil, errors.New("this plugin streams only")
}

func (runner) Stream(call *process.Call, feed <-chan []byte, begun func() error, send func([]byte) error) error {
	var args audio.AudioArgs
	if err := proto.Unmarshal(call.Args, &args); err != nil {
		return err
	}
	window := int(args.Window)
	if window == 0 {
		window = 4
	}
	if err := begun(); err != nil {
		return err
	}
	level := func(bytes []byte) error {
		output, err := proto.Marshal(&audio.AudioLevel{Peak: uint32(slices.Max(bytes)), Bytes: uint32(len(bytes))})
		if err != nil {
			return err
		}
		return send(output)
	}
	var buffer []byte
	for fed := range feed {
		var chunk audio.AudioChunk
		if err := proto.Unmarshal(fed, &chunk); err != nil {
			return err
		}
		buffer = append(buffer, chunk.Pcm...)
		for ; len(buffer) >= window; buffer = buffer[window:] {
			if err := level(buffer[:window]); err != nil {
				return err
			}
		}
	}
	if len(buffer) > 0 {
		return level(buffer)
	}
	return nil
}

func main() { plugins.Serve(runner{}) }

// Echoes in every way there is: the twin of test/plugins/echo, and its answers are the same.
package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"bulkhead.test/plugins"
	"bulkhead.test/plugins/wire/echo"
	"bulkhead.test/plugins/wire/jobworkerp"
	"bulkhead.test/plugins/wire/process"
)

//go:embed protobuf
var protobuf embed.FS

type runner struct {
	prefix string
	calls  uint32
	cancel chan struct{}
}

func text(name string) string {
	bytes, err := protobuf.ReadFile("protobuf/" + name + ".proto")
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

func method(args, description string, output *jobworkerp.StreamingOutputType) *process.Method {
	method := &process.Method{ResultProto: text("result"), Description: &description, OutputType: output}
	if args != "" {
		method.ArgsProto = text(args)
	}
	return method
}

func (r *runner) Describe() *process.DescribeResponse {
	return &process.DescribeResponse{
		Name:          "Echo",
		Description:   "Echoes in every way there is",
		SettingsProto: text("settings"),
		Methods: map[string]*process.Method{
			"run":    method("echo_args", "Echoes", plugins.NonStreaming),
			"slow":   method("slow_args", "Sleeps, then echoes", plugins.NonStreaming),
			"stream": method("stream_args", "Echoes in chunks", plugins.Streaming),
			"fail":   method("fail_args", "Answers an error", plugins.NonStreaming),
			"log":    method("echo_args", "Writes the text on stdout and stderr", plugins.NonStreaming),
			"job":    method("", "Tells the job's id/worker/attempt", plugins.NonStreaming),
		},
	}
}

func (r *runner) Load(bytes []byte) error {
	var settings echo.EchoSettings
	err := proto.Unmarshal(bytes, &settings)
	r.prefix = settings.Prefix
	return err
}

func (r *runner) answer(text string) ([]byte, error) {
	r.calls++
	return proto.Marshal(&echo.EchoResult{Text: r.prefix + text, Calls: r.calls})
}

func (r *runner) Run(_ context.Context, call *process.Call) ([]byte, map[string]string, error) {
	metadata := map[string]string{}
	for key, value := range call.Metadata {
		metadata[strings.ToUpper(key)] = value
	}
	output, err := r.run(call)
	return output, metadata, err
}

func (r *runner) run(call *process.Call) ([]byte, error) {
	switch call.GetUsing() {
	case "", "run":
		var args echo.EchoArgs
		if err := proto.Unmarshal(call.Args, &args); err != nil {
			return nil, err
		}
		return r.answer(strings.Repeat(args.Text, max(1, int(args.Repeat))))
	case "slow":
		var args echo.SlowArgs
		if err := proto.Unmarshal(call.Args, &args); err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(args.Millis) * time.Millisecond)
		return r.answer(args.Text)
	case "fail":
		var args echo.FailArgs
		if err := proto.Unmarshal(call.Args, &args); err != nil {
			return nil, err
		}
		return nil, plugins.Causes(args.Message, "the reason", "the root")
	case "log":
		var args echo.EchoArgs
		if err := proto.Unmarshal(call.Args, &args); err != nil {
			return nil, err
		}
		fmt.Println(args.Text)
		fmt.Fprintf(os.Stderr, "{\"@level\":\"warn\",\"@message\":%q,\"@module\":\"echo\",\"shelf\":7}\n", args.Text)
		return r.answer("logged")
	case "job":
		return r.answer(fmt.Sprintf("%d/%s/%d", call.JobId, call.WorkerName, call.Attempt))
	}
	return nil, fmt.Errorf("Echo has no method `%s` that runs", call.GetUsing())
}

func (r *runner) Stream(call *process.Call, _ <-chan []byte, begun func() error, send func([]byte) error) error {
	var args echo.StreamArgs
	if err := proto.Unmarshal(call.Args, &args); err != nil {
		return err
	}
	r.cancel = make(chan struct{})
	if err := begun(); err != nil {
		return err
	}
	for range args.Chunks {
		select {
		case <-r.cancel:
			return nil
		case <-time.After(time.Duration(args.Interval) * time.Millisecond):
		}
		chunk, err := r.answer(args.Text)
		if err != nil {
			return err
		}
		if err := send(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) Cancel() bool {
	if r.cancel == nil {
		return false
	}
	close(r.cancel)
	r.cancel = nil
	return true
}

func main() { plugins.Serve(&runner{}) }

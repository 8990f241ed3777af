// Fails where and how it is told to, and otherwise echoes: the twin of examples/panics.
package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"bulkhead.test/plugins"
	"bulkhead.test/plugins/wire/panics"
	"bulkhead.test/plugins/wire/process"
)

//go:embed protobuf
var protobuf embed.FS

type runner struct{ canceled bool }

func text(name string) string {
	bytes, err := protobuf.ReadFile("protobuf/" + name + ".proto")
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

// fail fails in the way that how names.
func fail(how, message string) error {
	switch how {
	case "", "panic":
		panic(message)
	case "error":
		return plugins.Causes(message, "the reason", "the root")
	case "index":
		var none []byte
		return fmt.Errorf("no panic, but %d", none[len(message)+7])
	case "unwrap":
		var none *runner
		return fmt.Errorf("no panic, but %v", none.canceled)
	case "overflow":
		debug.SetMaxStack(1 << 20)
		return fmt.Errorf("no overflow, but %d", dig(1))
	case "abort":
		if err := syscall.Kill(os.Getpid(), syscall.SIGABRT); err != nil {
			return err
		}
		select {}
	case "kill":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return err
		}
		select {}
	case "exit":
		os.Exit(1)
	}
	return fmt.Errorf("`%s` is no way to fail", how)
}

func dig(depth int) int { return dig(depth+1) + depth }

func (r *runner) Describe() *process.DescribeResponse {
	description := "Echoes the message, or fails as told"
	run := &process.Method{
		ArgsProto:   text("args"),
		ResultProto: text("result"),
		Description: &description,
		OutputType:  plugins.Both,
	}
	return &process.DescribeResponse{
		Name:          "Panics",
		Description:   "Fails where and how it is told to, and otherwise echoes",
		SettingsProto: text("settings"),
		Methods:       map[string]*process.Method{"run": run},
	}
}

func (r *runner) Load(bytes []byte) error {
	var settings panics.PanicSettings
	if err := proto.Unmarshal(bytes, &settings); err != nil {
		return err
	}
	if settings.Load == "" {
		return nil
	}
	return fail(settings.Load, settings.Message)
}

// reach fails if the job is to fail in this function.
func reach(args *panics.PanicArgs, function string) error {
	if args.Where == function {
		return fail(args.How, args.Message)
	}
	return nil
}

func (r *runner) Run(_ context.Context, call *process.Call) ([]byte, map[string]string, error) {
	var args panics.PanicArgs
	if err := proto.Unmarshal(call.Args, &args); err != nil {
		return nil, nil, err
	}
	if err := reach(&args, "run"); err != nil {
		return nil, nil, err
	}
	output, err := proto.Marshal(&panics.EchoResult{Message: args.Message})
	return output, nil, err
}

func (r *runner) Stream(call *process.Call, _ <-chan []byte, begun func() error, send func([]byte) error) error {
	var args panics.PanicArgs
	if err := proto.Unmarshal(call.Args, &args); err != nil {
		return err
	}
	if err := reach(&args, "begin_stream"); err != nil {
		return err
	}
	if err := begun(); err != nil {
		return err
	}
	for at := uint32(0); ; at++ {
		if at == args.AtChunk {
			if args.Where == "receive_stream" {
				// What was sent a moment ago is still in this process, and would end with it.
				time.Sleep(200 * time.Millisecond)
			}
			if err := reach(&args, "receive_stream"); err != nil {
				return err
			}
		}
		if r.canceled || at == args.Chunks {
			return nil
		}
		output, err := proto.Marshal(&panics.EchoResult{Message: args.Message})
		if err != nil {
			return err
		}
		if err := send(output); err != nil {
			return err
		}
	}
}

func (r *runner) Cancel() bool {
	r.canceled = true
	return true
}

func main() { plugins.Serve(&runner{}) }

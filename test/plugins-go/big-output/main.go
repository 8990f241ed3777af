// Answers as many bytes (`x`) as its argument says, in decimal ASCII; with metadata `big`, so many bytes of metadata.
package main

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"bulkhead.test/plugins"
	"bulkhead.test/plugins/wire/process"
)

type runner struct{ plugins.Simple }

func (runner) Describe() *process.DescribeResponse { return plugins.Plain("BigOutput") }

func (runner) Run(_ context.Context, call *process.Call) ([]byte, map[string]string, error) {
	count, err := strconv.Atoi(string(call.Args))
	if err != nil {
		return nil, nil, err
	}
	if _, ok := call.Metadata["big"]; ok {
		return nil, map[string]string{"big": strings.Repeat("x", count)}, nil
	}
	return bytes.Repeat([]byte("x"), count), nil, nil
}

func main() { plugins.Serve(runner{}) }

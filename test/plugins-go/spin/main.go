// Computes for ever.
package main

import (
	"context"

	"bulkhead.test/plugins"
	"bulkhead.test/plugins/wire/process"
)

type runner struct{ plugins.Simple }

func (runner) Describe() *process.DescribeResponse { return plugins.Plain("Spin") }

func (runner) Run(context.Context, *process.Call) ([]byte, map[string]string, error) {
	for turns := 0; ; turns++ {
	}
}

func main() { plugins.Serve(runner{}) }

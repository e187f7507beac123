package main

import (
	"context"
)

type walkCommand struct{}

func (w *walkCommand) Run(ctx context.Context, t terminal) error { return nil }

package explain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/BurntSushi/toml"

	"latchkey/internal/explain"
	"latchkey/internal/provider"
)

// Most people paste the words and say nothing besides: no program, no account,
// no scope. What the words alone tell has to carry.
func TestThreadsFromThePasteAlone(t *testing.T) {
	var table meanings
	if _, err := toml.DecodeFile(threads+"/meanings.toml", &table); err != nil {
		t.Fatal(err)
	}
	all := readThreads(t)
	var lines strings.Builder
	w := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	first, three := 0, 0
	for _, one := range all {
		result, err := explain.Text(provider.Entra, one.Input)
		if err != nil {
			t.Fatalf("%s: %v", one.name, err)
		}
		got := codes(result)
		right := table.right(one)
		at := slices.IndexFunc(got, func(c string) bool { return slices.Contains(right, c) })
		if at == 0 {
			first++
		}
		if at >= 0 && at < 3 {
			three++
		}
		if at != 0 {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", one.name, at+1, one.Code, strings.Join(got[:min(3, len(got))], " "))
		}
	}
	w.Flush()
	if first < 60 || three < 72 {
		t.Errorf("%d of %d come first and %d within three; it was 60 and 72", first, len(all), three)
	}
	t.Logf("\n%s%d threads, from the paste alone %d first, %d within three", lines.String(), len(all), first, three)
}

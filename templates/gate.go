package templates

import "context"

// needText says what is missing, in one phrase.
func needText(ctx context.Context, x Need) string {
	switch x.Reason {
	case "entry_missing":
		labels := make([]string, len(x.Fields))
		for i, f := range x.Fields {
			labels[i] = word(ctx, "field", f)
		}
		return t(ctx, "need.entry_missing", "fields", printer(ctx).List(labels...))
	case "blocker":
		return x.What
	}
	return t(ctx, "need."+x.Reason, "check", x.What)
}

// needWho says from whom it comes, "" if that is not known.
func needWho(ctx context.Context, x Need) string {
	switch {
	case x.Who != "" && x.Actor != "":
		return t(ctx, "gate.from_person", "name", x.Who, "role", word(ctx, "actor", x.Actor))
	case x.Actor != "":
		return t(ctx, "gate.from", "role", word(ctx, "actor", x.Actor))
	}
	return ""
}

// before is the step before this one, "" for the first.
func (s StepPage) before() string {
	if i := s.Setup.Number(s.ID) - 2; i >= 0 {
		return s.Setup.Rail[i].Step
	}
	return ""
}

// finished reports whether the next step is open; the way on is then the
// page's one primary button.
func (s StepPage) finished() bool {
	return s.Onward.Step != "" && s.Onward.Gate == nil && len(s.Errors) == 0
}

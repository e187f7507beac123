package templates

import "context"

func stepHead(ctx context.Context, s StepPage) head {
	return head{
		State: s.stepState(ctx), Wrong: len(s.Errors) > 0,
		Title: t(ctx, "step_title."+s.ID), Lead: t(ctx, "step_why."+s.ID), Step: s.ID,
	}
}

// answer pairs a field's name with what was answered.
func answer(ctx context.Context, field, value string) Fact {
	return Fact{Name: word(ctx, "field", field), Value: value}
}

// textOfOption is the text of the chosen option, the value itself if it is not
// offered any more.
func textOfOption(options []Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Text
		}
	}
	return value
}

// wordOr is a word of a family, "" for no value.
func wordOr(ctx context.Context, family, value string) string {
	if value == "" {
		return ""
	}
	return word(ctx, family, value)
}

func words(ctx context.Context, family string, values []string) string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = word(ctx, family, v)
	}
	return printer(ctx).List(list...)
}

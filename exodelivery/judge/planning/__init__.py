"""Floor 8: experiments planned so that they settle a contrast between carriers, or between two mechanisms."""

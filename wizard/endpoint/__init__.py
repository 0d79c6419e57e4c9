"""The endpoint as its clients see it: sending, checking, invoking."""

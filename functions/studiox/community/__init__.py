"""Posts, likes, comments, remixes, reports and moderation."""

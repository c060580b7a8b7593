"""S4's plain HTTP routes: a picture in one request, and one's credits."""

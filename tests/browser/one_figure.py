"""The least a page of this kind can be: a gene is chosen, a figure of one curve says so.

What it takes is Streamlit's, plotly's and the browser's on the machine at hand, beside which the app's pages are timed.
"""

import plotly.graph_objects as go
import streamlit as st

target = st.selectbox("Target", ["IRF1", *(f"GENE{i}" for i in range(10))])
figure = go.Figure(go.Scatter(x=list(range(60)), y=[i**2 for i in range(60)]))
st.plotly_chart(figure.add_annotation(text=f"change of predicted {target} (", showarrow=False))
